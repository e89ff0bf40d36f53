// An application that imports Kandy names addresses, notifications, codes and media values without a second import.
@_exported public import LinkMedia
@_exported public import LinkProtocol
