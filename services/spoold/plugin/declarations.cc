#include "spoold/plugin/declarations.h"

#include <algorithm>

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/plugin/limits.h"

namespace tayori::spool {
namespace {

Result<DeclaredPtr> parse_declared(std::string_view json) {
    if (json.size() > plugin::kDeclarationBytesMax)
        return fail(Kind::invalid, cat("A declaration has at most ", plugin::kDeclarationBytesMax, " octets."));
    auto declaration = plugin::parse_declaration(json);
    if (!declaration) return fail(std::move(declaration.error()));
    auto declared = std::make_shared<Declared>();
    // Always in the same form: another order of members is no change.
    declared->json = plugin::to_json(*declaration);
    declared->declaration = std::move(*declaration);
    return declared;
}

}  // namespace

Result<std::unique_ptr<Declarations>> Declarations::open(CorePtr core) {
    std::unique_ptr<Declarations> out(new Declarations(std::move(core)));
    const auto begin = row_key::plugin_declarations_begin();
    auto scanned = StoreRows(out->core_->store).scan(begin, row_key::end_of(begin), [&](std::string_view key, std::string_view value) {
        auto declared = parse_declared(value);
        const auto name = row_key::declared_plugin_of(key);
        // Of an older or newer version: the next daemon reports it anew.
        if (!declared) log_warn("a stored declaration of a plugin does not parse", {{"plugin", name}, {"why", declared.error().text}});
        else out->kept_[name] = {std::move(*declared), kDeclarationWritesAtOnce, 0, nullptr};
        return true;
    });
    if (!scanned) return fail(std::move(scanned.error()));
    return out;
}

DeclaredPtr Declarations::find(std::string_view plugin) const {
    std::lock_guard lock(mutex_);
    const auto at = kept_.find(plugin);
    return at == kept_.end() ? nullptr : at->second.declared;
}

std::vector<DeclaredPtr> Declarations::all() const {
    std::vector<DeclaredPtr> out;
    std::lock_guard lock(mutex_);
    for (const auto& [name, kept] : kept_) {
        if (kept.declared != nullptr) out.push_back(kept.declared);
    }
    return out;
}

std::vector<std::string> Declarations::names() const {
    std::vector<std::string> out;
    for (const auto& declared : all()) out.push_back(declared->declaration.name);
    return out;
}

bool Declarations::any_with_hook(std::string_view hook) const {
    std::lock_guard lock(mutex_);
    return std::any_of(kept_.begin(), kept_.end(), [&](const auto& one) {
        if (one.second.declared == nullptr) return false;
        const auto& hooks = one.second.declared->declaration.hooks;
        return std::find(hooks.begin(), hooks.end(), hook) != hooks.end();
    });
}

bool Declarations::may_write(Kept& kept) const {
    const auto now_ms = core_->clock.now_ms();
    const auto passed_ms = std::max<std::int64_t>(0, now_ms - kept.counted_ms);
    kept.tokens = std::min<double>(kDeclarationWritesAtOnce,
                                   kept.tokens + static_cast<double>(passed_ms) / static_cast<double>(kDeclarationWriteEveryMs));
    kept.counted_ms = now_ms;
    if (kept.tokens < 1) return false;
    kept.tokens -= 1;
    return true;
}

void Declarations::report(const std::string& json) {
    auto declared = parse_declared(json);
    if (!declared) return log_warn("a daemon reports a plugin that is not declared rightly", {{"why", declared.error().text}});
    const auto& name = (*declared)->declaration.name;
    {
        std::lock_guard lock(mutex_);
        auto at = kept_.find(name);
        if (at == kept_.end()) {
            if (kept_.size() >= kDeclaredPluginsMax)
                return log_warn("there are too many plugins", {{"plugin", name}, {"at_most", kDeclaredPluginsMax}});
            at = kept_.emplace(name, Kept{nullptr, kDeclarationWritesAtOnce, core_->clock.now_ms(), nullptr}).first;
        }
        auto& kept = at->second;
        if (kept.declared != nullptr && kept.declared->json == (*declared)->json) {
            kept.waiting.reset();
            return;
        }
        if (!may_write(kept)) {
            kept.waiting = std::move(*declared);
            return;
        }
        kept.waiting.reset();
    }
    write(std::move(*declared));
}

void Declarations::tick() {
    std::vector<DeclaredPtr> due;
    {
        std::lock_guard lock(mutex_);
        for (auto& [name, kept] : kept_) {
            if (kept.waiting != nullptr && may_write(kept)) due.push_back(std::exchange(kept.waiting, nullptr));
        }
    }
    for (auto& declared : due) write(std::move(declared));
}

void Declarations::write(DeclaredPtr declared) {
    // Told before the directory's version rises, as what is computed under the new one must see it.
    store::Request request;
    request.effect = store::Effect::shrinks;
    request.apply = [declared](store::Transaction& transaction) -> Result<void> {
        transaction.put(row_key::plugin_declaration(declared->declaration.name), declared->json);
        return {};
    };
    request.done = [this, core = core_, declared](Result<void> committed) {
        if (!committed) return log_warn("a declaration of a plugin could not be kept", {{"plugin", declared->declaration.name}, {"why", committed.error().text}});
        written(declared);
        core->changed();
    };
    core_->store.submit(std::move(request));
}

void Declarations::written(const DeclaredPtr& declared) {
    std::lock_guard lock(mutex_);
    kept_[declared->declaration.name].declared = declared;
}

}  // namespace tayori::spool
