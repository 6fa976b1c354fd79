#include "kql.h"

#include <cctype>

#include "text.h"

namespace simulator::kql {
namespace {

struct Token {
  enum class Kind { word, text, number, sign, end };
  Kind kind = Kind::end;
  std::string text;
};

[[noreturn]] void syntax_error(const std::string& what) {
  throw Error("'where' operator: A recognition error occurred. Fix syntax errors in your query: " +
              what);
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> read() {
    std::vector<Token> out;
    while (true) {
      skip_space();
      if (at_ >= text_.size()) break;
      out.push_back(next());
    }
    out.push_back({});
    return out;
  }

  static bool word_char(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  }

 private:
  void skip_space() {
    while (at_ < text_.size()) {
      if (std::isspace(static_cast<unsigned char>(text_[at_])) != 0) {
        ++at_;
      } else if (text_.substr(at_, 2) == "//") {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else {
        return;
      }
    }
  }

  Token next() {
    const char c = text_[at_];
    if (c == '"' || c == '\'') return quoted(c);
    if (word_char(c)) {
      Token token{std::isdigit(static_cast<unsigned char>(c)) != 0 ? Token::Kind::number
                                                                   : Token::Kind::word,
                  ""};
      while (at_ < text_.size() && word_char(text_[at_])) token.text += text_[at_++];
      if (token.text == "datetime") datetime_ = true;
      if (token.text == "in" && at_ < text_.size() && text_[at_] == '~') token.text += text_[at_++];
      return token;
    }
    if (c == '(' && datetime_) return datetime_argument();
    for (const std::string_view sign : {"==", "!=", "=~", "!~", "<=", ">="})
      if (text_.substr(at_, 2) == sign) {
        at_ += 2;
        return {Token::Kind::sign, std::string(sign)};
      }
    ++at_;
    return {Token::Kind::sign, std::string(1, c)};
  }

  Token quoted(char quote) {
    std::string out;
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] == '\n' || text_[at_] == '\r')
        syntax_error("a string runs over the end of the line");
      if (text_[at_] == '\\') {
        if (++at_ >= text_.size()) break;
        const char c = text_[at_];
        if (c != '"' && c != '\\' && c != '\'' && c != 'n' && c != 'r' && c != 't')
          syntax_error("unknown escape sequence in a string");
        out += c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
        continue;
      }
      out += text_[at_];
    }
    if (at_ >= text_.size()) syntax_error("a string without an end");
    ++at_;
    return {Token::Kind::text, out};
  }

  /// The parenthesis of datetime(...) is one token of its own, since a date is not made of others.
  Token datetime_argument() {
    datetime_ = false;
    const size_t end = text_.find(')', at_);
    if (end == std::string_view::npos) syntax_error("datetime( without an end");
    Token token{Token::Kind::text, std::string(text_.substr(at_ + 1, end - at_ - 1))};
    at_ = end + 1;
    return token;
  }

  std::string_view text_;
  size_t at_ = 0;
  bool datetime_ = false;
};

class Parser {
 public:
  Parser(std::vector<Token> tokens, int64_t now_ms) : tokens_(std::move(tokens)), now_ms_(now_ms) {}

  Query query() {
    Query out;
    out.table = word();
    while (accept("|")) out.stages.push_back(stage());
    accept(";");
    if (peek().kind != Token::Kind::end) syntax_error("unexpected '" + peek().text + "'");
    return out;
  }

 private:
  const Token& peek() const { return tokens_[at_]; }
  bool is(std::string_view text) const {
    return (peek().kind == Token::Kind::sign || peek().kind == Token::Kind::word) &&
           peek().text == text;
  }
  bool accept(std::string_view text) {
    if (!is(text)) return false;
    ++at_;
    return true;
  }
  void expect(std::string_view text) {
    if (!accept(text))
      syntax_error("expected '" + std::string(text) + "' before '" + peek().text + "'");
  }
  /// The next token, whatever it is; the end stays where it is.
  const Token& take() {
    if (peek().kind == Token::Kind::end) syntax_error("the query ends too early");
    return tokens_[at_++];
  }
  std::string word() {
    if (peek().kind != Token::Kind::word)
      syntax_error("expected a name, not '" + peek().text + "'");
    return tokens_[at_++].text;
  }
  int64_t number() {
    if (peek().kind != Token::Kind::number || peek().text.size() > 18 ||
        peek().text.find_first_not_of("0123456789") != std::string::npos)
      syntax_error("expected a number, not '" + peek().text + "'");
    return std::stoll(tokens_[at_++].text);
  }

  Stage stage() {
    Stage out;
    const std::string name = word();
    if (name == "where" || name == "filter") {
      out.condition = any();
    } else if (name == "project" || name == "distinct") {
      out.kind = name == "project" ? Stage::Kind::project : Stage::Kind::distinct;
      out.columns = named_columns();
    } else if (name == "take" || name == "limit") {
      out.kind = Stage::Kind::take;
      out.limit = static_cast<size_t>(number());
    } else if (name == "count") {
      out.kind = Stage::Kind::count;
    } else if (name == "summarize") {
      summarize(out);
    } else {
      syntax_error("unknown operator '" + name + "'");
    }
    return out;
  }

  std::vector<NamedColumn> named_columns() {
    std::vector<NamedColumn> out;
    do {
      const std::string name = word();
      out.push_back({name, accept("=") ? word() : name});
    } while (accept(","));
    return out;
  }

  void summarize(Stage& out) {
    out.kind = Stage::Kind::arg_max;
    if (word() != "arg_max") syntax_error("summarize knows arg_max only");
    expect("(");
    out.maximum = word();
    while (accept(",")) {
      if (accept("*")) {
        out.all_columns = true;
      } else {
        const std::string name = word();
        out.columns.push_back({name, name});
      }
    }
    expect(")");
    expect("by");
    do out.groups.push_back(word());
    while (accept(","));
  }

  Condition any() {
    Condition out{.kind = Condition::Kind::any};
    do out.parts.push_back(all());
    while (accept("or"));
    return out.parts.size() == 1 ? Condition(out.parts.front()) : out;
  }

  Condition all() {
    Condition out{.kind = Condition::Kind::all};
    do out.parts.push_back(term());
    while (accept("and"));
    return out.parts.size() == 1 ? Condition(out.parts.front()) : out;
  }

  Condition negate(Condition inner) {
    Condition out{.kind = Condition::Kind::negation};
    out.parts.push_back(std::move(inner));
    return out;
  }

  Condition term() {
    if (accept("(")) {
      Condition inner = any();
      expect(")");
      return inner;
    }
    const std::string name = word();
    if (!is("(")) return comparison(name);
    expect("(");
    Condition out;
    if (name == "not") {
      out = negate(any());
    } else if (name == "hash") {
      out = Condition{.kind = Condition::Kind::hash, .column = word()};
      expect(",");
      out.modulus = static_cast<uint64_t>(number());
      if (out.modulus == 0) syntax_error("hash by zero");
      expect(")");
      expect("==");
      out.number = number();
      return out;
    } else if (name == "isempty" || name == "isnull") {
      out = Condition{.kind = Condition::Kind::empty, .column = word()};
    } else if (name == "isnotempty" || name == "isnotnull") {
      out = negate(Condition{.kind = Condition::Kind::empty, .column = word()});
    } else {
      throw Error("'where' operator: Failed to resolve function '" + name +
                  "'. Fix semantic errors in your query.");
    }
    expect(")");
    return out;
  }

  Condition comparison(const std::string& column) {
    Condition out{.kind = Condition::Kind::compare, .column = column};
    const bool negated = accept("!");
    const std::string sign = take().text;
    if (sign == "in" || sign == "in~") {
      membership(out, sign == "in~");
    } else {
      out.compare = operation(sign);
      value(out);
    }
    return negated ? negate(std::move(out)) : out;
  }

  static Compare operation(const std::string& sign) {
    static const std::vector<std::pair<std::string, Compare>> known{{"==", Compare::eq},
                                                                    {"!=", Compare::ne},
                                                                    {"<", Compare::lt},
                                                                    {"<=", Compare::le},
                                                                    {">", Compare::gt},
                                                                    {">=", Compare::ge},
                                                                    {"=~", Compare::eq_nocase},
                                                                    {"!~", Compare::ne_nocase},
                                                                    {"contains", Compare::contains},
                                                                    {"startswith", Compare::starts},
                                                                    {"endswith", Compare::ends},
                                                                    {"has", Compare::has}};
    for (const auto& [text, compare] : known)
      if (text == sign) return compare;
    syntax_error("unknown comparison '" + sign + "'");
  }

  void membership(Condition& out, bool nocase) {
    out.kind = nocase ? Condition::Kind::in_nocase : Condition::Kind::in;
    expect("(");
    do {
      if (peek().kind != Token::Kind::text) syntax_error("expected a string in the list");
      const std::string& text = tokens_[at_++].text;
      out.texts.insert(nocase ? to_lower(text) : text);
    } while (accept(","));
    expect(")");
  }

  void value(Condition& out) {
    if (peek().kind == Token::Kind::text) {
      out.text = tokens_[at_++].text;
      return;
    }
    out.text_side = false;
    if (peek().kind == Token::Kind::number) {
      out.number = number();
      return;
    }
    const std::string name = word();
    if (name == "true" || name == "false") {
      out.number = name == "true" ? 1 : 0;
      return;
    }
    out.time_side = true;
    if (name == "datetime") {
      const std::string text = take().text;
      const std::optional<int64_t> time = parse_iso(text);
      if (!time) syntax_error("not a datetime: '" + text + "'");
      out.number = *time;
    } else if (name == "now") {
      expect("(");
      expect(")");
      out.number = now_ms_;
    } else if (name == "ago") {
      expect("(");
      out.number = now_ms_ - span(take().text);
      expect(")");
    } else {
      throw Error("'where' operator: Failed to resolve scalar expression named '" + name +
                  "'. Fix semantic errors in your query.");
    }
  }

  static int64_t span(const std::string& text) {
    const size_t digits = text.find_first_not_of("0123456789");
    if (digits == std::string::npos || digits == 0 || digits > 9) syntax_error("not a timespan");
    const int64_t count = std::stoll(text.substr(0, digits));
    const std::string unit = text.substr(digits);
    if (unit == "d") return count * 86'400'000;
    if (unit == "h") return count * 3'600'000;
    if (unit == "m") return count * 60'000;
    if (unit == "s") return count * 1000;
    syntax_error("not a timespan: '" + text + "'");
  }

  std::vector<Token> tokens_;
  size_t at_ = 0;
  int64_t now_ms_;
};

}  // namespace

Query parse(std::string_view text, int64_t now_ms) {
  return Parser(Lexer(text).read(), now_ms).query();
}

}  // namespace simulator::kql
