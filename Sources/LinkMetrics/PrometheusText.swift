/// Prometheus' text format, version 0.0.4: names, labels, numbers.
enum PrometheusText {
  static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// A metric's name as the format allows it: what it does not allow becomes `_`.
  static func name(_ text: String) -> String { allowed(text, alsoAllowing: ":") }

  /// Labels as the format allows them, by name. `le` is the exposition's own.
  static func labels(_ dimensions: [(String, String)]) -> [Label] {
    var labels: [String: String] = [:]
    for (name, value) in dimensions {
      let name = allowed(name)
      labels[name == "le" || name.hasPrefix("__") ? "exported_" + name : name] = value
    }
    return labels.map { Label(name: $0.key, value: $0.value) }.sorted { $0.name < $1.name }
  }

  struct Label: Sendable, Hashable {
    var name: String
    var value: String

    var text: String { "\(name)=\"\(PrometheusText.escaped(value, quotes: true))\"" }
  }

  /// One line: a sample of a series.
  static func line(_ name: String, _ labels: [Label], _ sample: PrometheusSample) -> String {
    var texts = labels.map(\.text)
    if let bound = sample.bound { texts.append("le=\"\(number(bound))\"") }
    let list = texts.isEmpty ? "" : "{" + texts.joined(separator: ",") + "}"
    return "\(name)\(sample.suffix)\(list) \(number(sample.value))\n"
  }

  /// The lines that precede a metric's samples.
  static func head(_ name: String, type: String, meaning: String?) -> String {
    let help = meaning.map { "# HELP \(name) \(escaped($0, quotes: false))\n" } ?? ""
    return help + "# TYPE \(name) \(type)\n"
  }

  /// As Go reads it.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return Int64(exactly: value).map(String.init) ?? String(describing: value)
  }

  private static func escaped(_ text: String, quotes: Bool) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\"" where quotes: escaped += "\\\""
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  private static func allowed(_ text: String, alsoAllowing more: Unicode.Scalar? = nil) -> String {
    var name = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "a"..."z", "A"..."Z", "_", "0"..."9": name.unicodeScalars.append(scalar)
      default: name.unicodeScalars.append(scalar == more ? scalar : "_")
      }
    }
    guard let first = name.unicodeScalars.first, !("0"..."9").contains(first) else { return "_" + name }
    return name
  }
}
