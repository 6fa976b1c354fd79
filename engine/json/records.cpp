#include "json/records.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/limits.h"
#include "json/json_events.h"

namespace defender_car {
namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

void assign_lower(std::string& out, std::string_view text) {
  out.assign(text);
  for (char& c : out) c = lower(c);
}

bool same_key(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

void store(Field& field, const json::Scalar& scalar) {
  field.type = scalar.type;
  field.text.assign(scalar.text);
  field.integer = scalar.integer;
  field.real = scalar.real;
}

/// Which asked key a key is. Records of one list have the same keys in the same order as a rule, so
/// a key is first compared with the one that stood at its place last time.
class KeyIndex {
 public:
  static constexpr int kNone = -1;

  explicit KeyIndex(std::span<const std::string_view> keys) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      assign_lower(lowered_, keys[i]);
      by_key_.emplace(lowered_, static_cast<int>(i));
    }
  }

  void begin_record() { place_ = 0; }

  int find(std::string_view key) {
    const std::size_t place = place_++;
    if (place < last_.size() && last_[place].key == key) return last_[place].index;
    const int index = look_up(key);
    if (place == last_.size() && place < kRemembered) last_.emplace_back();
    if (place < last_.size() && key.size() <= kLongestRemembered) {
      last_[place].key.assign(key);
      last_[place].index = index;
    }
    return index;
  }

 private:
  // Bounds for hostile records; real ones have some dozen keys.
  static constexpr std::size_t kRemembered = 256;
  static constexpr std::size_t kLongestRemembered = 256;
  struct Seen {
    std::string key;
    int index = kNone;
  };

  int look_up(std::string_view key) {
    assign_lower(lowered_, key);
    const auto found = by_key_.find(lowered_);
    return found == by_key_.end() ? kNone : found->second;
  }

  std::unordered_map<std::string, int> by_key_;
  std::vector<Seen> last_;
  std::size_t place_ = 0;
  std::string lowered_;
};

class ListReader final : public json::Events {
 public:
  ListReader(const ListShape& shape, const OnRecord& on_record)
      : list_key_(shape.list_key),
        within_(shape.within),
        on_record_(on_record),
        keys_(shape.keys),
        fields_(shape.keys.size()) {}

  ListResult take_result() { return std::move(result_); }

  void key(std::string_view key) override {
    switch (place_) {
      case Place::record: {
        const int index = keys_.find(key);
        field_ = index == KeyIndex::kNone ? nullptr : &fields_[static_cast<std::size_t>(index)];
        break;
      }
      case Place::captured:
        capture_.key(key);
        break;
      case Place::around:
        is_within_ = same_key(key, within_);
        break;
      case Place::root:
        root_key_ = classify(key);
        break;
      case Place::column:
        is_name_ = same_key(key, "name");
        break;
      default:
        break;
    }
  }

  void scalar(const json::Scalar& scalar) override {
    switch (place_) {
      case Place::record:
        if (field_ != nullptr) store(*field_, scalar);
        break;
      case Place::captured:
        capture_.scalar(scalar);
        break;
      case Place::list:
        ++result_.not_objects;
        break;
      case Place::root:
        scalar_in_root(scalar);
        break;
      case Place::column:
        if (is_name_ && scalar.type == Field::Type::text &&
            result_.schema_columns.size() < limits::kColumns) {
          result_.schema_columns.emplace_back(scalar.text);
        }
        break;
      default:
        break;
    }
  }

  void open(bool object) override {
    ++depth_;
    switch (place_) {
      case Place::outside:
        object ? enter(within_.empty() ? Place::root : Place::around) : skip();
        break;
      case Place::around:
        object&& is_within_ ? enter(Place::root) : skip();
        break;
      case Place::root:
        open_in_root(object);
        break;
      case Place::list:
        if (object) return begin_record();
        ++result_.not_objects;
        skip();
        break;
      case Place::record:
        field_ != nullptr ? begin_capture(*field_, object) : skip();
        break;
      case Place::captured:
        capture_.open(object);
        break;
      case Place::schema:
        object ? enter(Place::column) : skip();
        is_name_ = false;
        break;
      case Place::column:
        skip();
        break;
      case Place::skipped:
        break;
    }
  }

  void close(bool object) override {
    switch (place_) {
      case Place::record:
        end_record();
        break;
      case Place::captured:
        if (capture_.close(object)) place_ = before_capture_;
        break;
      case Place::skipped:
        if (depth_ == skipped_depth_) place_ = before_skip_;
        break;
      case Place::list:
      case Place::schema:
        place_ = Place::root;
        break;
      case Place::column:
        place_ = Place::schema;
        break;
      case Place::root:
        place_ = within_.empty() ? Place::outside : Place::around;
        break;
      default:
        place_ = Place::outside;
    }
    --depth_;
  }

 private:
  enum class Place { outside, around, root, list, record, captured, schema, column, skipped };
  enum class RootKey { other, list, schema, next_link, error };

  RootKey classify(std::string_view key) const {
    if (same_key(key, list_key_)) return RootKey::list;
    if (same_key(key, "schema")) return RootKey::schema;
    if (same_key(key, "error")) return RootKey::error;
    for (const std::string_view link : {"@odata.nextLink", "odata.nextLink", "nextLink"})
      if (same_key(key, link)) return RootKey::next_link;
    return RootKey::other;
  }

  void enter(Place place) { place_ = place; }

  void skip() {
    before_skip_ = place_;
    skipped_depth_ = depth_;
    place_ = Place::skipped;
  }

  void scalar_in_root(const json::Scalar& scalar) {
    if (scalar.type == Field::Type::null) return;
    if (root_key_ == RootKey::error) store(result_.error.emplace(), scalar);
    if (root_key_ != RootKey::next_link) return;
    if (scalar.type == Field::Type::text) {
      result_.next_link = scalar.text;
    } else {
      result_.odd_link = true;
    }
  }

  void open_in_root(bool object) {
    if (root_key_ == RootKey::list && !object) {
      result_.found = true;
      enter(Place::list);
    } else if (root_key_ == RootKey::schema && !object) {
      result_.has_schema = true;
      enter(Place::schema);
    } else if (root_key_ == RootKey::error) {
      begin_capture(result_.error.emplace(), object);
    } else {
      result_.odd_link |= root_key_ == RootKey::next_link;
      skip();
    }
  }

  void begin_record() {
    for (Field& field : fields_) {
      field.type = Field::Type::absent;
      field.text.clear();  // keeps its capacity
      field.integer = 0;
      field.real = 0;
    }
    keys_.begin_record();
    enter(Place::record);
  }

  void begin_capture(Field& field, bool object) {
    store(field, {.type = Field::Type::json});
    capture_.begin(field.text);
    capture_.open(object);
    before_capture_ = place_;
    enter(Place::captured);
  }

  void end_record() {
    ++result_.records;
    on_record_(fields_);
    enter(Place::list);
  }

  const std::string_view list_key_;
  const std::string_view within_;
  const OnRecord& on_record_;
  KeyIndex keys_;
  std::vector<Field> fields_;
  json::Capture capture_;
  ListResult result_;
  Place place_ = Place::outside;
  Place before_skip_ = Place::outside;
  Place before_capture_ = Place::outside;
  int depth_ = 0;
  int skipped_depth_ = 0;
  RootKey root_key_ = RootKey::other;
  Field* field_ = nullptr;
  bool is_name_ = false;
  bool is_within_ = false;
};

/// Keeps the dotted path of the value at hand; values inside of lists have none.
class ObjectReader final : public json::Events {
 public:
  explicit ObjectReader(std::span<const std::string_view> paths) : fields_(paths.size()) {
    for (const std::string_view path : paths) {
      paths_.emplace_back();
      assign_lower(paths_.back(), path);
    }
  }

  std::vector<Field> take_fields() { return std::move(fields_); }

  void key(std::string_view key) override {
    for (json::Capture& captured : captured_) captured.key(key);
    if (list_depth_ > 0) return;
    path_.resize(outer_size_.back());
    if (!path_.empty()) path_ += '.';
    for (const char c : key) path_ += lower(c);
  }

  void scalar(const json::Scalar& scalar) override {
    for (json::Capture& captured : captured_) captured.scalar(scalar);
    if (Field* field = asked()) store(*field, scalar);
  }

  void open(bool object) override {
    for (json::Capture& captured : captured_) captured.open(object);
    if (Field* field = asked()) {
      store(*field, {.type = Field::Type::json});
      json::Capture& capture = captured_.emplace_back();
      capture.begin(field->text);
      capture.open(object);
    }
    if (list_depth_ > 0 || !object) {
      ++list_depth_;
    } else {
      outer_size_.push_back(path_.size());
    }
  }

  void close(bool object) override {
    // Captures are nested, so only the innermost one can end here.
    bool ended = false;
    for (json::Capture& captured : captured_) ended = captured.close(object);
    if (ended) captured_.pop_back();
    if (list_depth_ > 0) {
      --list_depth_;
    } else {
      path_.resize(outer_size_.back());
      outer_size_.pop_back();
    }
  }

 private:
  Field* asked() {
    if (list_depth_ > 0 || outer_size_.empty()) return nullptr;
    const auto found = std::find(paths_.begin(), paths_.end(), path_);
    return found == paths_.end() ? nullptr
                                 : &fields_[static_cast<std::size_t>(found - paths_.begin())];
  }

  std::vector<std::string> paths_;
  std::vector<Field> fields_;
  std::vector<json::Capture> captured_;
  std::string path_;
  std::vector<std::size_t> outer_size_;
  int list_depth_ = 0;
};

}  // namespace

ListResult read_list(const Body& body, const ListShape& shape, const OnRecord& on_record) {
  ListReader reader(shape, on_record);
  json::parse(body, reader);
  return reader.take_result();
}

std::vector<Field> read_object(const Body& body, std::span<const std::string_view> paths) {
  ObjectReader reader(paths);
  json::parse(body, reader);
  return reader.take_fields();
}

}  // namespace defender_car
