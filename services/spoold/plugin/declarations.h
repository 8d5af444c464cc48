// What plugins declare about themselves, as daemons have reported it: durable, so that settings are shown and checked while no
// daemon runs, and after a start before the first has come. A change of it is a change of the directory, since profiles follow
// from it.
//
// Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "common/plugin/declaration.h"
#include "spoold/directory/core.h"
#include "tayori/spool/v1/plugin.pb.h"

namespace tayori::spool {

struct Declared {
    plugin::Declaration declaration;
    std::string json;
};
using DeclaredPtr = std::shared_ptr<const Declared>;

class Declarations {
  public:
    // Reads what is stored.
    static Result<std::unique_ptr<Declarations>> open(CorePtr core);

    DeclaredPtr find(std::string_view plugin) const;  // null: nobody has declared it
    std::vector<DeclaredPtr> all() const;             // by name
    std::vector<std::string> names() const;
    bool any_with_hook(std::string_view hook) const;

    // What a daemon has loaded. Written where it differs from what is known, but not so often that a replica that comes and goes
    // with another version could write all the time: then a little later, by tick().
    void report(const std::string& json);
    void tick();

  private:
    struct Kept {
        DeclaredPtr declared;
        // Writes that may follow at once; more with time.
        double tokens = 0;
        std::int64_t counted_ms = 0;
        DeclaredPtr waiting;
    };
    explicit Declarations(CorePtr core) : core_(std::move(core)) {}
    bool may_write(Kept& kept) const;  // with the lock held
    void write(DeclaredPtr declared);
    void written(const DeclaredPtr& declared);

    const CorePtr core_;
    mutable std::mutex mutex_;
    std::map<std::string, Kept, std::less<>> kept_;
};

}  // namespace tayori::spool
