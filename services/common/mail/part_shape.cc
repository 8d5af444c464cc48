#include "common/mail/part_shape.h"

#include <algorithm>
#include <array>
#include <optional>

#include "common/base/text.h"
#include "common/mail/header.h"
#include "common/mail/imap_text.h"
#include "common/mail/params.h"

namespace tayori::mail {
namespace {

constexpr std::string_view kUsAscii = R"(("CHARSET" "US-ASCII"))";

enum PartField {
    kType,
    kEncoding,
    kId,
    kDescription,
    kMd5,
    kDisposition,
    kLanguage,
    kLocation,
    kPartFields
};
constexpr std::string_view kContent = "content-";
constexpr std::array<std::string_view, kPartFields> kPartNames = {
    "type", "transfer-encoding", "id", "description", "md5", "disposition", "language", "location"};

using Values = std::array<std::optional<std::string_view>, kPartFields>;

Values collect_part_fields(std::string_view header) {
    Values values;
    Fields fields(header);
    while (const auto field = fields.next()) {
        if (field->name.size() <= kContent.size()) continue;
        if (!equals_ignoring_case(field->name.substr(0, kContent.size()), kContent)) continue;
        const auto rest = field->name.substr(kContent.size());
        for (std::size_t i = 0; i < kPartFields; ++i)
            if (!values[i] && equals_ignoring_case(rest, kPartNames[i])) values[i] = field->value;
    }
    return values;
}

class Writer {
  public:
    explicit Writer(ShapeBudget& budget) : budget_(budget) {}

    bool spend(std::size_t bytes) {
        if (bytes > budget_.bytes) {
            budget_.bytes = 0;
            return false;
        }
        budget_.bytes -= bytes;
        return true;
    }
    void optional_text(std::string& out, const std::optional<std::string_view>& value) {
        const auto text = value ? unfold(*value) : std::string();
        append_imap_nstring(out, spend(text.size()) ? text : std::string());
    }
    std::string params(const std::vector<Param>& list) {
        std::string out;
        for (const auto& param : list) {
            if (!spend(param.name.size() + param.value.size())) break;
            out += out.empty() ? '(' : ' ';
            append_imap_string(out, to_upper(param.name));
            out += ' ';
            append_imap_string(out, param.value);
        }
        if (out.empty()) return "NIL";
        out += ')';
        return out;
    }
    std::string disposition(const std::optional<std::string_view>& value) {
        if (!value) return "NIL";
        const auto parsed = parse_disposition(*value);
        if (parsed.type.empty() || !spend(parsed.type.size())) return "NIL";
        return cat("(\"", to_upper(parsed.type), "\" ", params(parsed.params), ')');
    }
    // A comma-separated list of tags (RFC 3282): one is a string, several are a list.
    std::string languages(const std::optional<std::string_view>& value) {
        if (!value) return "NIL";
        const auto text = unfold(*value);
        if (!spend(text.size())) return "NIL";
        std::string out;
        int count = 0;
        for (std::size_t from = 0; from <= text.size() && count < static_cast<int>(kParamsMax);) {
            const auto to = std::min(text.find(',', from), text.size());
            const auto tag = trim(std::string_view(text).substr(from, to - from));
            from = to + 1;
            if (tag.empty()) continue;
            if (count++ > 0) out += ' ';
            append_imap_string(out, tag);
        }
        if (count == 0) return "NIL";
        return count == 1 ? out : cat('(', out, ')');
    }

  private:
    ShapeBudget& budget_;
};

std::string encoding_text(const std::optional<std::string_view>& value) {
    const auto text = value ? unfold(*value) : std::string();
    const auto token = std::string_view(text).substr(0, text.find_first_of(" \t;("));
    std::string out;
    append_imap_string(
        out, token.empty() || token.size() > kMediaTypeBytesMax ? "7BIT" : to_upper(token));
    return out;
}

std::string quoted(std::string_view token) { return cat('"', to_upper(token), '"'); }

std::string boundary_of(const ContentType& type) {
    auto boundary = find_param(type.params, "boundary");
    while (!boundary.empty() && (boundary.back() == ' ' || boundary.back() == '\t'))
        boundary.remove_suffix(1);
    return std::string(boundary.size() > kBoundaryBytesMax ? std::string_view() : boundary);
}

}  // namespace

PartShape read_shape(std::string_view header, DefaultType default_type, ShapeBudget& budget) {
    const auto values = collect_part_fields(header);
    ContentType type;
    if (values[kType])
        type = parse_content_type(*values[kType]);
    else if (default_type == DefaultType::message)
        type = {"message", "rfc822", {}};
    else
        type = {"text", "plain", {}};

    Writer writer(budget);
    PartShape shape;
    shape.is_text = type.is_type("text");
    shape.is_multipart = type.is_type("multipart");
    shape.is_message = type.is("message", "rfc822");
    shape.is_digest = type.is("multipart", "digest");
    if (shape.is_multipart) shape.boundary = boundary_of(type);
    // Clients expect a charset with every text (RFC 2046 §4.1.2 says which).
    if (shape.is_text && find_param(type.params, "charset").empty() &&
        type.params.size() < kParamsMax) {
        std::erase_if(type.params, [](const Param& p) { return p.name == "charset"; });
        type.params.insert(type.params.begin(), {"charset", "US-ASCII"});
    }
    shape.subtype = quoted(type.subtype);
    shape.type = cat(quoted(type.type), ' ', shape.subtype);
    shape.params = writer.params(type.params);
    writer.optional_text(shape.fields, values[kId]);
    shape.fields += ' ';
    writer.optional_text(shape.fields, values[kDescription]);
    append(shape.fields, ' ', encoding_text(values[kEncoding]));
    writer.optional_text(shape.md5, values[kMd5]);
    append(shape.extension, writer.disposition(values[kDisposition]), ' ',
           writer.languages(values[kLanguage]), ' ');
    writer.optional_text(shape.extension, values[kLocation]);
    return shape;
}

void become_plain_text(PartShape& shape) {
    shape.type = R"("TEXT" "PLAIN")";
    shape.params = kUsAscii;
    shape.is_text = true;
    shape.is_multipart = shape.is_message = false;
}

void become_opaque(PartShape& shape) {
    shape.type = R"("APPLICATION" "OCTET-STREAM")";
    shape.params = "NIL";
    shape.is_text = shape.is_multipart = shape.is_message = false;
}

std::string envelope_within(std::string_view header, ShapeBudget& budget) {
    auto text = envelope_text(header);
    return Writer(budget).spend(text.size()) ? text : "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)";
}

}  // namespace tayori::mail
