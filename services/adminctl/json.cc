#include "adminctl/json.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>

#include "common/base/text.h"

namespace tayori::admin {
namespace {

using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// ACCOUNT_STATE_ACTIVE of AccountState is "active".
std::string enum_name(const EnumValueDescriptor& value) {
    std::string prefix;
    for (char c : value.type()->name()) {
        if (c >= 'A' && c <= 'Z' && !prefix.empty()) prefix.push_back('_');
        prefix.push_back(ascii_upper(c));
    }
    prefix.push_back('_');
    const std::string_view name = value.name();
    return to_lower(name.starts_with(prefix) ? name.substr(prefix.size()) : name);
}

// One value of a field; `index` is negative where the field is not repeated.
std::string value_of(const Message& message, const FieldDescriptor* field, int index) {
    const auto* r = message.GetReflection();
    const bool one = index < 0;
    switch (field->cpp_type()) {
        case FieldDescriptor::CPPTYPE_INT32:
            return cat(one ? r->GetInt32(message, field) : r->GetRepeatedInt32(message, field, index));
        case FieldDescriptor::CPPTYPE_INT64:
            return cat(one ? r->GetInt64(message, field) : r->GetRepeatedInt64(message, field, index));
        case FieldDescriptor::CPPTYPE_UINT32:
            return cat(one ? r->GetUInt32(message, field) : r->GetRepeatedUInt32(message, field, index));
        case FieldDescriptor::CPPTYPE_UINT64:
            return cat(one ? r->GetUInt64(message, field) : r->GetRepeatedUInt64(message, field, index));
        case FieldDescriptor::CPPTYPE_DOUBLE:
            return fmt::format("{}", one ? r->GetDouble(message, field) : r->GetRepeatedDouble(message, field, index));
        case FieldDescriptor::CPPTYPE_FLOAT:
            return fmt::format("{}", one ? r->GetFloat(message, field) : r->GetRepeatedFloat(message, field, index));
        case FieldDescriptor::CPPTYPE_BOOL:
            return (one ? r->GetBool(message, field) : r->GetRepeatedBool(message, field, index)) ? "true" : "false";
        case FieldDescriptor::CPPTYPE_ENUM: {
            const auto* value = one ? r->GetEnum(message, field) : r->GetRepeatedEnum(message, field, index);
            return json_string(enum_name(*value));
        }
        case FieldDescriptor::CPPTYPE_STRING: {
            const auto text = one ? r->GetString(message, field) : r->GetRepeatedString(message, field, index);
            return json_string(field->type() == FieldDescriptor::TYPE_BYTES ? base64_encode(text) : text);
        }
        case FieldDescriptor::CPPTYPE_MESSAGE:
            return to_json(one ? r->GetMessage(message, field) : r->GetRepeatedMessage(message, field, index));
    }
    return "null";
}

// The length of the well-formed UTF-8 character at the start, or 0.
std::size_t utf8_length(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xf0 && lead < 0xf5 ? 4 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xc2 && lead < 0xe0 ? 2 : 0;
    if (length == 0 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
    return length;
}

}  // namespace

std::string json_string(std::string_view text) {
    std::string out = "\"";
    while (!text.empty()) {
        const char c = text.front();
        const auto length = utf8_length(text);
        if (length == 0) out += "\\ufffd";
        else if (c == '"' || c == '\\') out.append(1, '\\').append(1, c);
        else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        else out.append(text.substr(0, length));
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out + '"';
}

std::string to_json(const Message& message) {
    std::string out = "{";
    const auto* descriptor = message.GetDescriptor();
    for (int i = 0; i < descriptor->field_count(); ++i) {
        const auto* field = descriptor->field(i);
        if (i != 0) out += ", ";
        append(out, json_string(field->name()), ": ");
        if (!field->is_repeated()) {
            out += value_of(message, field, -1);
            continue;
        }
        out += '[';
        for (int n = 0; n < message.GetReflection()->FieldSize(message, field); ++n)
            append(out, n != 0 ? ", " : "", value_of(message, field, n));
        out += ']';
    }
    return out + '}';
}

}  // namespace tayori::admin
