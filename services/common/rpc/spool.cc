#include "common/rpc/spool.h"

#include "common/rpc/core.h"
#include "common/rpc/errors.h"

namespace tayori::rpc {

namespace detail {

Error unexpected_reply() {
    return Error::make(Kind::internal, "Internal error.", "spoold's reply does not fit the call");
}

Pending::Pending(std::shared_ptr<Core> core, std::unique_ptr<v1::Call> call, Channel channel,
                 Answer answer, CallOptions options)
    : core_(std::move(core)), slot_(std::make_unique<Slot>()) {
    slot_->channel = channel;
    slot_->answer = answer;
    slot_->timeout = options.timeout.count() != 0 ? options.timeout : core_->options().timeout;
    slot_->call = std::move(call);
    core_->add(*slot_);
}

Pending::Pending(Pending&&) noexcept = default;

Pending::~Pending() {
    if (slot_ != nullptr) core_->drop(*slot_);
}

bool Pending::ready() const { return slot_->ended || !slot_->replies.empty(); }

void Pending::set_waiter(std::coroutine_handle<> waiter) {
    slot_->waiter = waiter;
    // The consumer's own slowness does not count.
    if (slot_->answer == Answer::many && slot_->sent) core_->refresh_deadline(*slot_);
}

Result<std::unique_ptr<v1::Reply>> Pending::take() {
    if (!slot_->replies.empty()) {
        auto reply = std::move(slot_->replies.front());
        slot_->replies.pop_front();
        if (slot_->answer == Answer::many) core_->give_credit(*slot_, reply->ByteSizeLong());
        return reply;
    }
    slot_->end_seen = true;
    if (slot_->error) return fail(*slot_->error);
    return nullptr;
}

}  // namespace detail

Subscription& Subscription::operator=(Subscription&& other) noexcept {
    if (this != &other) {
        reset();
        core_ = std::move(other.core_);
        folder_id_ = other.folder_id_;
        id_ = std::exchange(other.id_, 0);
    }
    return *this;
}

void Subscription::reset() {
    const auto id = std::exchange(id_, 0);
    if (id == 0) return;
    if (auto core = core_.lock()) core->unsubscribe(folder_id_, id);
}

Spool::Spool(net::Loop& loop, SpoolOptions options)
    : core_(std::make_shared<detail::Core>(loop, std::move(options))) {
    core_->start();
}

Spool::~Spool() { core_->stop(); }

Async<void> Spool::connect() { return core_->connect(); }

Subscription Spool::on_folder(std::uint64_t folder_id, FolderHandler handler) {
    return core_->subscribe(folder_id, std::move(handler));
}

bool Spool::healthy() const { return core_->healthy(); }
Event& Spool::connected() { return core_->connected; }
Event& Spool::disconnected() { return core_->disconnected; }
const std::string& Spool::server_id() const { return core_->server_id; }
DirectoryState Spool::directory_state() const { return core_->directory; }
const v1::PluginReload& Spool::plugin_reload() const { return core_->plugin_reload; }
Event& Spool::plugin_reloaded() { return core_->plugin_reloaded; }
std::size_t Spool::pending() const { return core_->pending(); }

void Spool::tell_packed(std::unique_ptr<v1::Call> call, Channel channel) {
    core_->tell(std::move(call), channel);
}

}  // namespace tayori::rpc
