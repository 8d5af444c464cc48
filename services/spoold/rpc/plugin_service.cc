#include "spoold/rpc/plugin_service.h"

#include "spoold/plugin/limits.h"
#include "spoold/rpc/unary.h"

namespace tayori::spool {

PluginService::Unary* PluginService::ListPlugins(Context* context, const v1::ListPluginsRequest*, v1::PluginList* reply) {
    return unary_on(workers_, gate_, context, reply, [this] { return plugins_.list(); });
}

PluginService::Unary* PluginService::GetPlugin(Context* context, const v1::PluginScope* request, v1::PluginView* reply) {
    return unary_on(workers_, gate_, context, reply, [this, request] { return plugins_.get(*request); });
}

PluginService::Unary* PluginService::SwitchPlugin(Context* context, const v1::SwitchPluginRequest* request, v1::PluginView* reply) {
    return unary(gate_, context, reply, [&](auto done) { plugins_.switch_plugin(*request, std::move(done)); });
}

PluginService::Unary* PluginService::SetPlugin(Context* context, const v1::SetPluginRequest* request, v1::PluginView* reply) {
    return unary(gate_, context, reply, [&](auto done) { plugins_.set(*request, std::move(done)); });
}

PluginService::Unary* PluginService::ReloadPlugins(Context* context, const v1::ReloadPluginsRequest* request, v1::PluginList* reply) {
    return unary_on(reloads_, gate_, context, reply, [this, request] {
        const auto tell = [this](const v1::PluginReload& reload) { return streams_.tell_plugin_reload(reload); };
        return plugins_.reload(*request, tell, kReloadWait);
    });
}

PluginService::Unary* PluginService::ListPluginState(Context* context, const v1::ListPluginStateRequest* request,
                                                     v1::PluginStateRows* reply) {
    return unary_on(workers_, gate_, context, reply, [this, request] { return plugins_.list_state(request->at()); });
}

PluginService::Unary* PluginService::ClearPluginState(Context* context, const v1::ListPluginStateRequest* request,
                                                      v1::PluginStateRows* reply) {
    return unary(gate_, context, reply, [&](auto done) { plugins_.clear_state(request->at(), std::move(done)); });
}

}  // namespace tayori::spool
