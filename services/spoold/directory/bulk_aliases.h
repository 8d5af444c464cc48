// What happens to aliases when many accounts change at once: collected first, seen by everybody who asks, written last.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "spoold/directory/records.h"

namespace tayori::spool {

class AliasEdits {
  public:
    using Targets = std::vector<std::string>;  // empty: no such alias
    struct Edit {
        Name name;
        Targets before;
        Targets after;
    };
    explicit AliasEdits(const Rows& rows) : rows_(rows) {}

    // As it will be; of an account: empty.
    Result<Targets> targets(const Name& alias);
    // Aliases that lead to this address and nowhere else, as the directory has them.
    Result<std::vector<Name>> own(const std::string& address) const;
    Result<void> set(const Name& alias, Targets targets);
    // Nothing leads to this address any more: whoever gets it next must not get another one's mail. An alias that loses its
    // last target goes, and what led to it in turn.
    Result<void> detach(const std::string& address);

    // Domains whose catch-all leads to what was detached.
    const std::set<std::string>& catch_alls() const { return catch_alls_; }
    const std::map<std::string, Edit>& edits() const { return edits_; }  // also those that change nothing in the end

  private:
    Result<Edit*> edit(const Name& alias);
    const Rows& rows_;
    std::map<std::string, Edit> edits_;  // by address
    std::set<std::string> catch_alls_;
};

// In two steps, because a new account may take the name of an alias that goes, and a new alias needs its account.
void erase_aliases(store::Transaction& transaction, const AliasEdits& edits);
void write_aliases(store::Transaction& transaction, const AliasEdits& edits);

}  // namespace tayori::spool
