#include "spoold/rpc/session.h"

#include "common/base/log.h"
#include "common/rpc/errors.h"
#include "spoold/rpc/flow.h"

namespace tayori::spool {

namespace {

std::atomic<std::uint64_t> next_session_id{1};

// Streams that one thread writes to by itself after a group of commits.
constexpr std::size_t kOwnWritesMax = 4;

struct Gathered {
    bool on = false;
    std::vector<std::function<void()>> writes;
    std::vector<Workers*> writers;
};
thread_local Gathered gathered;

}  // namespace

void Session::gather_begin() { gathered.on = true; }

void Session::gather_end() {
    gathered.on = false;
    const auto writes = std::exchange(gathered.writes, {});
    const auto writers = std::exchange(gathered.writers, {});
    for (std::size_t i = 0; i < writes.size(); ++i) {
        if (i < kOwnWritesMax) writes[i]();
        else writers[i]->post(writes[i]);
    }
}

Incoming::Incoming(std::shared_ptr<Session> session, std::unique_ptr<v1::Call> call)
    : session_(std::move(session)), call_(std::move(call)), bytes_(call_->ByteSizeLong()) {}

Incoming::~Incoming() {
    if (!answered_)
        refuse(Error::make(Kind::busy, "Temporarily unavailable.", "the call was dropped"));
}

void Incoming::refuse(const Error& error) {
    auto out = std::make_unique<v1::Reply>();
    rpc::to_wire(error, *out->mutable_error());
    if (!answered_) session_->counts().refused(call_->request_case());
    reply(std::move(out));
}

void Incoming::reply(std::unique_ptr<v1::Reply> reply) {
    if (answered_.exchange(true)) return;
    reply->set_seq(seq());
    session_->push(std::move(reply), Session::Send::later);
    session_->answered(bytes_);
}

void Incoming::abandon() {
    if (!answered_.exchange(true)) session_->answered(bytes_);
}

Session::Session(std::shared_ptr<const Parts> parts)
    : parts_(std::move(parts)), id_(next_session_id++) {}

Session::~Session() = default;

std::shared_ptr<Session> Session::open(std::shared_ptr<const Parts> parts) {
    std::shared_ptr<Session> session(new Session(std::move(parts)));
    session->self_ = session;
    session->StartRead(&session->frame_in_);
    return session;
}

void Session::push(std::unique_ptr<v1::Reply> reply, Send send) {
    {
        std::lock_guard lock(mutex_);
        if (finished_ || reads_over_) return;
        auto bytes = reply->ByteSizeLong();
        if (bytes > rpc::kCallBytesMax) {  // would end the stream for everybody on it
            const auto seq = reply->seq();
            reply->Clear();
            reply->set_seq(seq);
            rpc::to_wire(Error::make(Kind::too_big, "Too much for one answer."),
                         *reply->mutable_error());
            bytes = reply->ByteSizeLong();
        }
        queued_bytes_ += bytes;
        replies_.push_back(std::move(reply));
    }
    wake(send);
}

void Session::wake(Send send) {
    std::lock_guard lock(mutex_);
    if (writing_ || dispatching_ || finished_) return;  // goes out behind that
    if (send == Send::now) return write_if_possible();
    if (flush_queued_.exchange(true)) return;
    auto flush = [self = shared_from_this()] {
        std::lock_guard inner(self->mutex_);
        self->flush_queued_ = false;
        self->write_if_possible();
    };
    if (!gathered.on) return parts_->writer.post(std::move(flush));
    gathered.writes.emplace_back(std::move(flush));
    gathered.writers.push_back(&parts_->writer);
}

void Session::set_events(std::shared_ptr<EventSource> events) {
    std::lock_guard lock(mutex_);
    events_ = std::move(events);
}

void Session::tell_log_level(std::string name) {
    {
        std::lock_guard lock(mutex_);
        log_level_waits_ = std::move(name);
    }
    wake(Send::later);
}

void Session::tell_directory_version(std::uint64_t version) {
    {
        std::lock_guard lock(mutex_);
        if (!opened_ || info_.kind != v1::STREAM_KIND_CONTROL) return;
        directory_version_waits_ = version;
    }
    wake(Send::later);
}

bool Session::tell_plugin_reload(const v1::PluginReload& reload) {
    {
        std::lock_guard lock(mutex_);
        if (!opened_ || info_.kind != v1::STREAM_KIND_CONTROL || reload.number() <= plugin_reload_told_) return false;
        plugin_reload_told_ = reload.number();
        plugin_reload_waits_ = reload;
    }
    wake(Send::later);
    return true;
}

void Session::write_if_possible() {
    if (writing_ || dispatching_ || finished_ || !fill_frame()) return;
    writing_ = true;
    StartWrite(&frame_out_);
}

bool Session::fill_frame() {
    frame_out_.Clear();
    writing_bytes_ = 0;
    if (std::exchange(welcome_waits_, false)) {
        frame_out_.mutable_welcome()->set_version(info_.version);
        frame_out_.mutable_welcome()->set_server_id(parts_->server_id);
    }
    // Nothing goes before the welcome.
    if (opened_ && !log_level_waits_.empty()) frame_out_.set_log_level(std::exchange(log_level_waits_, {}));
    frame_out_.set_directory_version(std::exchange(directory_version_waits_, 0));
    if (plugin_reload_waits_.number() != 0) *frame_out_.mutable_plugin_reload() = std::exchange(plugin_reload_waits_, {});
    // The replies that wait now were queued after the events that their calls caused: with the
    // events in front, in this frame or an earlier one, nobody is told of a change after the reply
    // of its cause.
    const bool more_events = events_ != nullptr && events_->take(rpc::kFrameBytesSoft, frame_out_);
    while (!more_events && !replies_.empty() && writing_bytes_ < rpc::kFrameBytesSoft) {
        writing_bytes_ += replies_.front()->ByteSizeLong();
        frame_out_.mutable_replies()->AddAllocated(replies_.front().release());
        replies_.pop_front();
    }
    return frame_out_.has_welcome() || frame_out_.events_size() != 0 ||
           frame_out_.replies_size() != 0 || !frame_out_.log_level().empty() ||
           frame_out_.directory_version() != 0 || frame_out_.has_plugin_reload();
}

void Session::read_if_possible() {
    if (reading_ || reads_over_ || dispatching_ || finished_ || refused_) return;
    if (calls_in_flight_ >= kCallsInFlightMax || call_bytes_ >= kCallBytesInFlightMax) return;
    if (queued_bytes_ >= kQueuedBytesMax) return;
    reading_ = true;
    StartRead(&frame_in_);
}

void Session::finish_if_possible() {
    if (finished_ || writing_ || dispatching_) return;
    if (!reads_over_ && !refused_ && !finish_wanted_) return;
    finished_ = true;
    Finish(end_status_);
}

void Session::OnReadDone(bool ok) {
    // Holds us until the end: what is committed at the end of the batch may be the last that is waited for.
    const auto self = shared_from_this();
    const auto batch = parts_->handler.begin_batch();
    {
        std::lock_guard lock(mutex_);
        reading_ = false;
        if (!ok) {
            reads_over_ = true;
            replies_.clear();
        } else {
            dispatching_ = true;
        }
    }
    if (ok) {
        if (greeted_)
            take_in(frame_in_);
        else if (!frame_in_.has_hello())
            refuse_stream(grpc::StatusCode::INVALID_ARGUMENT, "no hello");
        else if (greet(frame_in_.hello()))
            take_in(frame_in_);
    } else {
        close_once();
    }
    {
        std::lock_guard lock(mutex_);
        dispatching_ = false;
        write_if_possible();
        read_if_possible();
        finish_if_possible();
    }
}

void Session::refuse_stream(grpc::StatusCode code, const char* text) {
    std::lock_guard lock(mutex_);
    refused_ = true;
    end_status_ = {code, text};
}

bool Session::greet(const v1::Hello& hello) {
    greeted_ = true;
    info_ = parts_->admit(hello);
    if (!info_.role.daemon) {
        log_warn("a program was refused",
                 {{"program", hello.program()}, {"instance", hello.instance()}});
        refuse_stream(grpc::StatusCode::UNAUTHENTICATED, "this program has no role here");
        return false;
    }
    // The daemon speaks its highest version and the one before.
    info_.version = std::min(hello.version(), rpc::kVersion);
    if (info_.version < rpc::kVersionLowest || info_.version + 1 < hello.version()) {
        refuse_stream(grpc::StatusCode::FAILED_PRECONDITION, "no common protocol version");
        return false;
    }
    if (hello.kind() != v1::STREAM_KIND_CONTROL && hello.kind() != v1::STREAM_KIND_BULK) {
        refuse_stream(grpc::StatusCode::INVALID_ARGUMENT, "no kind of stream");
        return false;
    }
    parts_->handler.opened(*this);
    bool closed = false;
    {
        std::lock_guard lock(mutex_);
        opened_ = true;
        welcome_waits_ = true;
        closed = closed_;
    }
    if (closed) parts_->handler.closed(*this);  // cancelled meanwhile: close_once() came too early
    return true;
}

void Session::take_in(v1::ClientFrame& frame) {
    for (const auto& credit : frame.credits()) {
        std::shared_ptr<Flow> flow;
        {
            std::lock_guard lock(mutex_);
            auto found = flows_.find(credit.seq());
            if (found != flows_.end()) flow = found->second;
        }
        if (flow != nullptr) flow->add_credit(credit.bytes());
    }
    std::vector<v1::Call*> calls(static_cast<std::size_t>(frame.calls_size()));
    frame.mutable_calls()->ExtractSubrange(0, frame.calls_size(), calls.data());
    std::vector<std::unique_ptr<v1::Call>> owned(calls.begin(), calls.end());
    for (auto& call : owned) take_call(std::move(call));
}

void Session::take_call(std::unique_ptr<v1::Call> request) {
    if (request->cancel()) {
        std::shared_ptr<Flow> flow;
        {
            std::lock_guard lock(mutex_);
            auto found = flows_.find(request->seq());
            if (found != flows_.end()) flow = found->second;
        }
        if (flow != nullptr) flow->cancel();
        parts_->handler.cancelled(*this, request->seq());
        return;
    }
    const auto bytes = request->ByteSizeLong();
    bool busy = false;
    {
        std::lock_guard lock(mutex_);
        ++calls_in_flight_;
        call_bytes_ += bytes;
        // A frame that was read is worked on, but not without end: its sender keeps to
        // kFrameCallsMax.
        busy = stopping_ ||
               calls_in_flight_ > kCallsInFlightMax + static_cast<std::size_t>(rpc::kFrameCallsMax);
    }
    const auto kind = request->request_case();
    parts_->counts.called(kind);
    auto call = std::make_shared<Incoming>(shared_from_this(), std::move(request));
    if (busy) return;  // dropped: answers busy
    if (kind == v1::Call::REQUEST_NOT_SET) {
        return call->refuse(
            Error::make(Kind::unsupported, "Not supported.", "an unknown or empty call"));
    }
    if (!may_call(info_.role, kind)) {
        return call->refuse(Error::make(Kind::denied, "Not allowed.",
                                        "the program's role does not allow this call"));
    }
    parts_->handler.call(std::move(call));
}

void Session::answered(std::size_t bytes) {
    std::lock_guard lock(mutex_);
    --calls_in_flight_;
    call_bytes_ -= bytes;
    read_if_possible();
    finish_if_possible();
}

bool Session::add_flow(std::uint64_t seq, std::shared_ptr<Flow> flow) {
    std::lock_guard lock(mutex_);
    if (flows_.size() >= kFlowsMax || closed_) return false;
    return flows_.emplace(seq, std::move(flow)).second;
}

void Session::remove_flow(std::uint64_t seq) {
    std::lock_guard lock(mutex_);
    flows_.erase(seq);
}

bool Session::is_full(const std::shared_ptr<Flow>& flow) {
    std::lock_guard lock(mutex_);
    if (queued_bytes_ < kQueuedBytesMax || reads_over_ || finished_) return false;
    blocked_.push_back(flow);
    return true;
}

std::vector<std::shared_ptr<Flow>> Session::take_blocked() {
    if (queued_bytes_ >= kQueuedBytesMax / 2) return {};
    return std::exchange(blocked_, {});
}

void Session::OnWriteDone(bool ok) {
    std::vector<std::shared_ptr<Flow>> resumed;
    {
        std::lock_guard lock(mutex_);
        queued_bytes_ -= std::min(writing_bytes_, queued_bytes_);
        writing_ = false;
        if (ok) {
            write_if_possible();
            resumed = take_blocked();
        }
        read_if_possible();
        finish_if_possible();
    }
    for (auto& flow : resumed) flow->resume();
}

// The daemon is gone; what is being read or written fails now.
void Session::OnCancel() {
    {
        std::lock_guard lock(mutex_);
        reads_over_ = true;
        replies_.clear();
    }
    close_once();
    std::lock_guard lock(mutex_);
    finish_if_possible();
}

void Session::close_once() {
    std::vector<std::shared_ptr<Flow>> flows;
    std::shared_ptr<EventSource> events;
    {
        std::lock_guard lock(mutex_);
        if (std::exchange(closed_, true)) return;
        for (auto& [seq, flow] : flows_) flows.push_back(flow);
        blocked_.clear();
        events.swap(events_);
        if (!opened_) return;
    }
    for (auto& flow : flows) flow->cancel();
    parts_->handler.closed(*this);
}

void Session::OnDone() {
    close_once();
    parts_->ended(*this);
    auto self = std::move(self_);
}

void Session::refuse_new_calls() {
    std::lock_guard lock(mutex_);
    stopping_ = true;
}

bool Session::is_idle() {
    std::lock_guard lock(mutex_);
    return finished_ || (calls_in_flight_ == 0 && replies_.empty() && !writing_ && !dispatching_);
}

void Session::finish() {
    std::lock_guard lock(mutex_);
    finish_wanted_ = true;
    if (!refused_) end_status_ = {grpc::StatusCode::UNAVAILABLE, "spoold stops"};
    finish_if_possible();
}

}  // namespace tayori::spool
