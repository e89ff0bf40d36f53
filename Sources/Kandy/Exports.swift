// An application that imports Kandy names addresses, notifications, codes, media values and metrics without a second import.
@_exported public import LinkMedia
@_exported public import LinkMetrics
@_exported public import LinkProtocol
