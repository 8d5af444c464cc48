#include "spoold/store/files.h"

#include "common/base/text.h"

namespace tayori::store {

std::string_view parent_directory(std::string_view path) {
    while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
    const auto slash = path.rfind('/');
    if (slash == std::string_view::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

std::string_view base_name(std::string_view path) {
    while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

Result<std::string> read_whole_file(Files& files, const std::string& path) {
    auto file = files.open(path, OpenMode::read);
    if (!file) return fail(file.error());
    auto size = (*file)->size();
    if (!size) return fail(size.error());
    std::string bytes(*size, '\0');
    auto got = (*file)->read_at(0, bytes.data(), bytes.size());
    if (!got) return fail(got.error());
    bytes.resize(*got);
    return bytes;
}

Result<void> replace_file(Files& files, const std::string& path, std::string_view bytes) {
    const auto beside = cat(path, ".new");
    auto file = files.open(beside, OpenMode::replace);
    if (!file) return fail(file.error());
    if (auto done = (*file)->write_at(0, bytes); !done) return done;
    if (auto done = (*file)->sync(); !done) return done;
    if (auto done = files.rename(beside, path); !done) return done;
    return files.sync_directory(std::string(parent_directory(path)));
}

Result<void> remove_tree(Files& files, const std::string& directory) {
    auto names = files.list(directory);
    if (!names) return names.error().kind == Kind::not_found ? Result<void>() : fail(names.error());
    for (const auto& name : *names) {
        const auto path = cat(directory, '/', name);
        auto info = files.info(path);
        if (!info) return fail(info.error());
        auto done = info->directory ? remove_tree(files, path) : files.remove(path);
        if (!done) return done;
    }
    return files.remove_directory(directory);
}

Result<void> ensure_directory(Files& files, const std::string& path) {
    if (auto info = files.info(path); info) return {};
    if (auto made = files.make_directory(path); !made && made.error().kind != Kind::exists) return made;
    return files.sync_directory(std::string(parent_directory(path)));
}

}  // namespace tayori::store
