// The connection: attempts, welcome, loss, and what then happens to calls and subscriptions.
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/rpc/core.h"
#include "common/rpc/limits.h"

namespace tayori::rpc::detail {

Core::Core(net::Loop& loop, SpoolOptions options)
    : loop_(loop),
      options_(std::move(options)),
      retry_(loop),
      sweep_(loop),
      jitter_(std::random_device{}()),
      backoff_(options_.reconnect_min) {}

void Core::start() {
    if (std::exchange(started_, true)) return;
    loop_.at_turn_end([core = weak_from_this()] {
        if (auto self = core.lock()) self->flush();
    });
    attempt();
}

void Core::stop() {
    stopped_ = true;
    healthy_ = false;
    retry_.cancel();
    sweep_.cancel();
    handlers_.clear();
    for (auto& wire : wires_) {
        if (wire != nullptr) ending_.push_back(std::move(wire));
    }
    for (auto& wire : ending_) {
        wire->close();
        // Who ends the Spool may have been woken by what this very wire brought.
        if (wire->rings()) loop_.post([kept = std::shared_ptr<Wire>(std::move(wire))] {});
    }
    ending_.clear();
}

Async<void> Core::connect() {
    while (!healthy_) {
        if (hopeless_) co_await fail(*hopeless_);
        co_await changed_.wait();
    }
}

void Core::clear_ending() {
    std::erase_if(ending_, [](auto& wire) { return wire->is_free(); });
}

void Core::attempt() {
    clear_ending();
    ++generation_;
    welcomed_ = {};
    v1::Hello hello;
    hello.set_version(kVersion);
    hello.set_program(options_.program);
    hello.set_instance(options_.instance);
    for (auto channel : {Channel::control, Channel::bulk}) {
        hello.set_kind(channel == Channel::control ? v1::STREAM_KIND_CONTROL
                                                   : v1::STREAM_KIND_BULK);
        auto bell = [core = weak_from_this(), generation = generation_] {
            if (auto self = core.lock()) self->rung(generation);
        };
        wires_[static_cast<std::size_t>(channel)] =
            std::make_unique<Wire>(loop_, options_.address, options_.tls, hello, std::move(bell));
    }
    retry_.start_in(kWelcomeWait, [this] {
        lost({GrpcCode::deadline_exceeded, "no welcome from spoold in time"});
    });
}

void Core::flush() {
    if (!healthy_) return;
    for (auto& wire : wires_) wire->flush();
}

void Core::rung(std::uint64_t generation) {
    if (stopped_) return;
    clear_ending();
    if (generation != generation_) return;
    const Wire* ended = nullptr;
    bool both = true;
    for (auto channel : {Channel::control, Channel::bulk}) {
        if (wire(channel) != nullptr) receive(channel);
        if (generation != generation_ || stopped_) return;
        const auto* at = wire(channel);
        if (at != nullptr && at->done()) ended = at;
        else both = false;
    }
    if (ended == nullptr) return;
    if (both || !healthy_) return lost(ended->end());
    // spoold ends both streams together, and what it answered before may still be on its way by the other one.
    retry_.start_in(kOtherEndWait, [this, generation, end = ended->end()] {
        if (generation == generation_ && !stopped_) lost(end);
    });
}

void Core::receive(Channel channel) {
    const auto generation = generation_;
    std::vector<v1::Reply*> replies;
    for (auto& frame : wire(channel)->drain()) {
        if (frame->has_welcome()) receive_welcome(channel, frame->welcome());
        if (generation != generation_) return;
        if (frame->directory_version() != 0) directory.version = frame->directory_version();
        if (const auto level = log_level_named(frame->log_level())) log_set_level(*level);
        if (frame->has_plugin_reload()) {
            plugin_reload = std::move(*frame->mutable_plugin_reload());
            plugin_reloaded.notify();
            if (generation != generation_ || stopped_) return;
        }
        for (auto& event : frame->events()) dispatch(event);
        // Everything is taken over before the first waiter runs, which may end all of this.
        std::vector<std::unique_ptr<v1::Reply>> taken;
        replies.resize(static_cast<std::size_t>(frame->replies_size()));
        frame->mutable_replies()->ExtractSubrange(0, frame->replies_size(), replies.data());
        taken.reserve(replies.size());
        for (auto* reply : replies) taken.emplace_back(reply);
        for (auto& reply : taken) receive_reply(std::move(reply));
        if (generation != generation_ || stopped_) return;
    }
}

void Core::receive_welcome(Channel channel, const v1::Welcome& welcome) {
    if (welcome.version() < kVersionLowest || welcome.version() > kVersion) {
        return lost({GrpcCode::failed_precondition, "no common protocol version"});
    }
    server_id = welcome.server_id();
    welcomed_[static_cast<std::size_t>(channel)] = true;
    if (welcomed_[0] && welcomed_[1]) became_healthy();
}

void Core::became_healthy() {
    healthy_ = true;
    hopeless_.reset();
    backoff_ = options_.reconnect_min;
    retry_.cancel();
    log_info("connected to spoold", {{"address", options_.address}, {"server", server_id}});
    std::vector<std::uint64_t> waiting;
    for (auto& [seq, slot] : slots_) {
        if (!slot->sent) waiting.push_back(seq);
    }
    std::sort(waiting.begin(), waiting.end());  // in the order of calling
    for (auto seq : waiting) send(*slots_.at(seq));
    std::vector<std::uint64_t> folders;
    for (auto& [folder, handlers] : handlers_) folders.push_back(folder);
    for (auto folder : folders) {
        v1::FolderEvent event;
        event.set_folder_id(folder);
        event.set_resync(true);
        dispatch(event);
    }
    connected.notify();
    changed_.notify();
}

void Core::lost(const CallEnd& end) {
    const bool was_healthy = std::exchange(healthy_, false);
    ++generation_;
    directory = {directory.epoch + 1, 0};
    for (auto& wire : wires_) {
        if (wire == nullptr) continue;
        wire->close();
        ending_.push_back(std::move(wire));
    }
    hopeless_.reset();
    if (end.code == GrpcCode::unauthenticated || end.code == GrpcCode::permission_denied) {
        hopeless_ = Error::make(Kind::denied, "spoold does not accept this program here.",
                                end.message);
    } else if (end.code == GrpcCode::failed_precondition) {
        hopeless_ =
            Error::make(Kind::unsupported, "spoold speaks no version of the protocol that we do.",
                        end.message);
    }
    if (was_healthy || hopeless_) {
        log_warn("lost spoold", {{"address", options_.address}, {"cause", end.message}});
    }
    retry_later();
    if (was_healthy) {
        fail_or_keep(
            Error::make(Kind::busy, "Temporarily unavailable.", "connection to spoold lost"));
        disconnected.notify();
    }
    changed_.notify();
}

void Core::retry_later() {
    // Between half and all of the back-off, so that many daemons do not come at once.
    const auto span = backoff_.count();
    const auto wait = span / 2 + static_cast<std::int64_t>(jitter_()) % (span / 2 + 1);
    backoff_ = std::min(backoff_ * 2, options_.reconnect_max);
    retry_.start_in(std::chrono::milliseconds(wait), [this] { attempt(); });
}

}  // namespace tayori::rpc::detail
