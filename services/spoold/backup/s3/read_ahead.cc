#include "spoold/backup/s3/read_ahead.h"

#include <algorithm>
#include <cstring>

#include "common/base/text.h"

namespace tayori::spool::s3 {

Result<std::size_t> ReadAhead::read(const std::string& name, std::uint64_t offset, char* to, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    std::size_t got = 0;
    while (got < bytes) {
        const auto at = offset + got;
        auto* window = find(name, at);
        if (window == nullptr) {
            const auto same = std::ranges::find(windows_, name, &Window::name);
            if (same != windows_.end() && at >= same->size) break;
            auto fetched = fetch(name, at, bytes - got);
            if (!fetched) return fail(std::move(fetched.error()));
            window = *fetched;
        }
        if (!window->has(at)) break;  // the file has ended
        const auto n = std::min<std::uint64_t>(bytes - got, window->end() - at);
        std::memcpy(to + got, window->bytes.data() + (at - window->from), n);
        window->used = ++uses_;
        got += n;
    }
    return got;
}

ReadAhead::Window* ReadAhead::find(const std::string& name, std::uint64_t at) {
    const auto found = std::ranges::find_if(windows_, [&](const Window& w) { return w.name == name && w.has(at); });
    return found == windows_.end() ? nullptr : &*found;
}

Result<ReadAhead::Window*> ReadAhead::fetch(const std::string& name, std::uint64_t at, std::uint64_t wanted) {
    auto window = std::ranges::find_if(windows_, [&](const Window& w) { return w.name == name && w.end() == at; });
    auto bytes = kFetchBytesMin;
    if (window != windows_.end()) {
        bytes = std::min(window->fetch * 2, kFetchBytesMax);
    } else if (windows_.size() < kWindowsMax) {
        window = windows_.insert(windows_.end(), Window());
    } else {
        window = std::ranges::min_element(windows_, {}, &Window::used);
    }
    bytes = std::max(bytes, std::min(wanted, kFetchBytesMax));
    auto fetched = fetch_(name, at, bytes);
    if (!fetched) {
        windows_.erase(window);
        return fail(std::move(fetched.error()));
    }
    *window = Window{name, at, std::move(fetched->bytes), fetched->size, bytes, ++uses_};
    return &*window;
}

void ReadAhead::forget(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto below = cat(name, "/");
    std::erase_if(windows_, [&](const Window& w) { return w.name == name || w.name.starts_with(below); });
}

}  // namespace tayori::spool::s3
