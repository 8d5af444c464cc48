// The text of parts for SEARCH BODY and TEXT, and for plugins.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "common/mail/part_tree.h"

namespace tayori::mail {

// A part's body as UTF-8: transfer encoding and charset undone. `header` is the part's own.
std::string decode_part_text(std::string_view header, std::string_view body);
// HTML with its tags, scripts and styles gone and its entities read.
std::string html_to_text(std::string_view utf8_html);

// Is `folded_needle` (fold_for_search) in a text part, or in the header of a message within?
// `message` is whole.
bool body_contains(std::string_view message, const PartTree& tree, std::string_view folded_needle);
// Is it in the value of a field of this name? An empty needle matches where the field exists (RFC
// 3501 §6.4.4).
bool field_contains(std::string_view header, std::string_view name, std::string_view folded_needle);
// Is it anywhere in the header?
bool header_contains(std::string_view header, std::string_view folded_needle);

}  // namespace tayori::mail
