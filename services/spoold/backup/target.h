// Where backups lie: names and bytes, nothing else, so that another kind of place is one more implementation.
//
// Files are written once, from front to end, and never changed; put() is for the small ones that make the others count.
// Names have levels ("000001/log/00000012.log") and no "..".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "spoold/store/files.h"

namespace tayori::spool {

class Target {
  public:
    class Writer {
      public:
        virtual ~Writer() = default;
        virtual Result<void> append(std::string_view bytes) = 0;
        // All of it is durable, and its name too, when it succeeds.
        virtual Result<void> finish() = 0;
    };

    virtual ~Target() = default;
    // Names right below `name` ("" is the top), sorted; none where there is nothing.
    virtual Result<std::vector<std::string>> list(const std::string& name) = 0;
    // In place of any file of that name.
    virtual Result<std::unique_ptr<Writer>> create(const std::string& name) = 0;
    // The whole file or, if the machine stops, the former one.
    virtual Result<void> put(const std::string& name, std::string_view bytes) = 0;
    // Bytes from `offset`; fewer only at the end. not_found.
    virtual Result<std::size_t> read(const std::string& name, std::uint64_t offset, char* to, std::size_t bytes) = 0;
    // not_found.
    virtual Result<std::uint64_t> size(const std::string& name) = 0;
    // A file, or everything below `name`; no error where there is nothing.
    virtual Result<void> remove(const std::string& name) = 0;
    // What writers left behind that ended suddenly, and that list() does not show.
    virtual Result<void> tidy() { return {}; }
    // There is a way to it that can be in trouble: then `busy` says nothing about the files themselves.
    virtual bool far() const { return false; }
};

// A directory, made if need be. `files` must outlive it.
std::unique_ptr<Target> make_directory_target(store::Files& files, std::string directory);

}  // namespace tayori::spool
