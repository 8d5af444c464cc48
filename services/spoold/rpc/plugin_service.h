// PluginService over gRPC: where plugins are enabled and with which settings, and how they fare.
#pragma once

#include "spoold/plugin/plugins.h"
#include "spoold/rpc/gate.h"
#include "spoold/rpc/stream_service.h"
#include "spoold/rpc/workers.h"
#include "tayori/spool/v1/plugin.grpc.pb.h"

namespace tayori::spool {

class PluginService final : public v1::PluginService::CallbackService {
  public:
    // `reloads` is a thread that may wait for the daemons.
    PluginService(Gate gate, Plugins& plugins, Streams& streams, Workers& workers, Workers& reloads)
        : gate_(gate), plugins_(plugins), streams_(streams), workers_(workers), reloads_(reloads) {}

    using Context = grpc::CallbackServerContext;
    using Unary = grpc::ServerUnaryReactor;
    Unary* ListPlugins(Context*, const v1::ListPluginsRequest*, v1::PluginList*) override;
    Unary* GetPlugin(Context*, const v1::PluginScope*, v1::PluginView*) override;
    Unary* SwitchPlugin(Context*, const v1::SwitchPluginRequest*, v1::PluginView*) override;
    Unary* SetPlugin(Context*, const v1::SetPluginRequest*, v1::PluginView*) override;
    Unary* ReloadPlugins(Context*, const v1::ReloadPluginsRequest*, v1::PluginList*) override;
    Unary* ListPluginState(Context*, const v1::ListPluginStateRequest*, v1::PluginStateRows*) override;
    Unary* ClearPluginState(Context*, const v1::ListPluginStateRequest*, v1::PluginStateRows*) override;

  private:
    Gate gate_;
    Plugins& plugins_;
    Streams& streams_;
    Workers& workers_;
    Workers& reloads_;
};

}  // namespace tayori::spool
