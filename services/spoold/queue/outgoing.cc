// Leases: what carriers are given, and what they say when they have done with it.
#include "spoold/queue/outgoing.h"

#include <absl/container/flat_hash_set.h>

#include <algorithm>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "common/mail/dkim.h"
#include "spoold/mailbox/records.h"

namespace tayori::spool {
namespace {

constexpr std::uint32_t kLeaseWaitMaxMs = 60'000;
constexpr std::uint32_t kLeaseMailsMax = 100;
constexpr std::size_t kWaitersMax = 4'096;
constexpr std::size_t kLeaseContentBytes = 1024 * 1024;  // of all mails of a lease, inline
constexpr std::uint64_t kInlineContentMax = 64 * 1024;   // of one; a longer one is fetched
constexpr std::uint64_t kHeadBytesMax = 64 * 1024;       // of one, to find its author
constexpr std::uint64_t kScanBytes = 256 * 1024;
constexpr std::uint64_t kFetchPieceBytes = 256 * 1024;
constexpr std::size_t kPlannedAtOnce = 256;
constexpr int kEmptyGrantsMax = 8;                       // of mails that are not there any more, in one call
constexpr std::chrono::milliseconds kIdleMs{60'000};
constexpr std::chrono::milliseconds kJumpLookMs{1'000};

bool has_octets_above_127(std::string_view bytes) {
    return std::any_of(bytes.begin(), bytes.end(), [](char c) { return static_cast<unsigned char>(c) > 127; });
}

Result<bool> body_has_octets_above_127(const store::BodyReader& body) {
    std::string piece;
    for (std::uint64_t at = 0; at < body.size(); at += kScanBytes) {
        piece.clear();
        if (auto read = body.read(at, kScanBytes, piece); !read) return fail(std::move(read.error()));
        if (has_octets_above_127(piece)) return true;
    }
    return false;
}

std::vector<QueueId> ids_of(const google::protobuf::RepeatedField<std::uint64_t>& numbers) {
    std::vector<QueueId> ids;
    for (const auto number : numbers) ids.push_back(QueueId{number});
    return ids;
}

class ContentCursor final : public Cursor<v1::FetchQueuedReply> {
  public:
    ContentCursor(std::shared_ptr<const store::BodyReader> body, std::uint64_t offset, std::uint64_t bytes)
        : body_(std::move(body)), at_(std::min(offset, body_->size())),
          end_(bytes == 0 || bytes > body_->size() - at_ ? body_->size() : at_ + bytes) {}

    Result<bool> next(std::size_t max_bytes, v1::FetchQueuedReply& reply) override {
        const auto bytes = std::min({std::max<std::uint64_t>(1, max_bytes), kFetchPieceBytes, end_ - at_});
        auto& data = *reply.mutable_data();
        if (auto read = body_->read(at_, bytes, data); !read) return fail(std::move(read.error()));
        if (data.size() != bytes) return fail(corrupt_record("body: it is shorter than it says"));
        at_ += bytes;
        return at_ < end_;
    }

  private:
    std::shared_ptr<const store::BodyReader> body_;
    std::uint64_t at_;
    std::uint64_t end_;
};

}  // namespace

Outgoing::Outgoing(store::Store& store, const Clock& clock, Routes& routes, OutgoingOptions options, OutgoingHooks hooks)
    : store_(store), clock_(clock), routes_(routes), options_(std::move(options)), hooks_(std::move(hooks)), queue_(store),
      schedule_(clock, options_.schedule) {}

Outgoing::~Outgoing() { stop(); }

Result<void> Outgoing::start(Offload offload) {
    offload_ = std::move(offload);
    if (hooks_.domains) domains_ = hooks_.domains();
    // What a carrier may still have is not given to another at once.
    const auto not_before = clock_.now_ms() + options_.reclaim_wait_ms;
    std::unique_lock lock(mutex_);
    auto listed = queue_.list([&](const QueuedMail& mail) {
        auto planned = plan_of(mail);
        if (!planned) return true;
        for (auto& part : planned->parts) part.next_try_ms = std::max(part.next_try_ms, not_before);
        schedule_.put(std::move(*planned));
        return true;
    });
    if (!listed) return listed;
    routes_.on_change([this] {
        std::lock_guard guard(mutex_);
        plan_anew_ = true;
        wake_.notify_one();
    });
    thread_ = std::thread([this] { run(); });
    return {};
}

void Outgoing::stop() {
    std::deque<Waiter> waiters;
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
        waiters.swap(waiters_);
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
    for (const auto& waiter : waiters) waiter.done(v1::LeaseMailReply());
}

// --- what is known of a mail -------------------------------------------------------------------------------------

std::optional<PlannedMail> Outgoing::plan_of(const QueuedMail& mail) const {
    PlannedMail planned;
    planned.id = mail.id;
    planned.created_ms = mail.created_ms;
    planned.bytes = mail.bytes;
    planned.held = mail.held;
    planned.sender = raw(mail.sender) != 0 ? raw(mail.sender) : std::hash<std::string>()(mail.reverse_path);
    Fate delayed;
    delayed.what = Fate::What::delayed;
    for (std::uint32_t i = 0; i < mail.recipients.size(); ++i) {
        const auto& recipient = mail.recipients[i];
        if (recipient.is_settled()) continue;
        auto way = routes_.way_to(recipient.address, mail.via);
        if (!way) {
            log_error("a queued mail has no way at present", {{"queue_id", raw(mail.id)}, {"cause", way.error().detail}});
            return std::nullopt;
        }
        planned.delay_notice = planned.delay_notice || (!mail.delay_told && wants_notice(mail, recipient, delayed));
        auto at = std::find_if(planned.parts.begin(), planned.parts.end(),
                               [&](const auto& part) { return part.destination == way->destination; });
        if (at == planned.parts.end()) {
            at = planned.parts.insert(planned.parts.end(), PlannedPart());
            at->destination = std::move(way->destination);
            at->route = std::move(way->route);
            at->next_try_ms = recipient.next_try_ms;
        }
        at->recipients.push_back(i);
        at->next_try_ms = std::min(at->next_try_ms, recipient.next_try_ms);
    }
    return planned;
}

void Outgoing::plan(const QueuedMail& mail) {
    if (auto planned = plan_of(mail)) schedule_.put(std::move(*planned));
}

// As it is now: what the caller knows of it may be older than what another commit has told the schedule already.
void Outgoing::plan_as_stored(QueueId id) {
    const auto mail = queue_.get(id);
    if (mail) plan(*mail);
    else if (mail.error().kind == Kind::not_found) schedule_.erase(id);
}

void Outgoing::queued(const std::vector<QueuedMail>& mails) {
    if (mails.empty()) return;
    std::vector<PlannedMail> planned;
    for (const auto& mail : mails) {
        if (auto one = plan_of(mail)) planned.push_back(std::move(*one));
    }
    std::lock_guard lock(mutex_);
    for (auto& one : planned) schedule_.put(std::move(one));
    nudge();
}

// A few at a time: intake waits for none of it.
void Outgoing::plan_anew() {
    std::vector<QueueId> ids;
    auto listed = queue_.list([&](const QueuedMail& mail) {
        ids.push_back(mail.id);
        return true;
    });
    if (!listed) log_error("the queue can't be read", {{"cause", listed.error().detail}});
    for (std::size_t at = 0; at < ids.size();) {
        std::lock_guard lock(mutex_);
        if (stopping_) return;
        for (const auto end = std::min(ids.size(), at + kPlannedAtOnce); at < end; ++at) plan_as_stored(ids[at]);
        nudge();
    }
}

void Outgoing::nudge() {
    if (waiters_.empty() || nudged_ || !schedule_.is_ready()) return;
    nudged_ = true;
    wake_.notify_one();
}

// What has become due since, also where nobody's timer has told of it.
void Outgoing::look_at_clock() {
    std::vector<Overdue> overdue;
    {
        std::lock_guard lock(mutex_);
        overdue = schedule_.tick();
    }
    for (const auto& one : overdue) settle_overdue(one);
}

// --- leases ------------------------------------------------------------------------------------------------------

void Outgoing::lease_mail(const v1::LeaseMail& request, LeaseStream stream, std::uint64_t seq, Answer<v1::LeaseMailReply> done) {
    const auto mails_max = std::clamp(request.mails_max(), 1U, kLeaseMailsMax);
    for (int i = 0; i < kEmptyGrantsMax; ++i) {
        std::optional<Grant> grant;
        look_at_clock();
        {
            std::lock_guard lock(mutex_);
            if (request.destination().empty()) grant = schedule_.lease(stream, mails_max);
            else grant = schedule_.lease_more(stream, mails_max, request.destination(), waiters_.empty());
            if (!grant) {
                const auto wait = std::min(request.wait_ms(), kLeaseWaitMaxMs);
                if (wait == 0 || !request.destination().empty() || stopping_ || waiters_.size() >= kWaitersMax) break;
                const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(wait);
                waiters_.push_back({stream, seq, mails_max, until, std::move(done)});
                wake_.notify_one();
                return;
            }
        }
        v1::LeaseMailReply reply;
        if (auto filled = fill_lease(*grant, *reply.mutable_lease()); !filled) return done(fail(std::move(filled.error())));
        if (reply.lease().mails_size() > 0) return done(std::move(reply));
    }
    done(v1::LeaseMailReply());
}

Result<void> Outgoing::fill_lease(const Grant& grant, v1::Lease& lease) {
    lease.set_lease_id(grant.lease_id);
    lease.set_destination(grant.destination);
    if (grant.route) *lease.mutable_route() = *grant.route;
    lease.set_seconds(grant.seconds);
    std::size_t room = kLeaseContentBytes;
    std::optional<Error> trouble;
    for (const auto& given : grant.mails) {
        auto filled = fill_mail(grant, given, room, lease);
        if (!filled) trouble = std::move(filled.error());
        if (trouble) break;
    }
    if (!trouble && lease.mails_size() > 0) {
        auto added = add_keys(lease);
        if (added) return {};
        trouble = std::move(added.error());
    }
    {
        std::lock_guard lock(mutex_);
        schedule_.end(grant.lease_id, Ending::done, v1::Said());
    }
    lease.Clear();
    if (trouble) return fail(std::move(*trouble));
    return {};
}

Result<void> Outgoing::fill_mail(const Grant& grant, const GrantedMail& given, std::size_t& room, v1::Lease& lease) {
    auto mail = queue_.get(given.id);
    if (!mail && mail.error().kind != Kind::not_found) return fail(std::move(mail.error()));
    const auto plan_again = [&] {
        std::lock_guard lock(mutex_);
        schedule_.reported(grant.lease_id, given.id, given.recipients, false);
        plan_as_stored(given.id);
    };
    if (!mail) {
        plan_again();
        return {};
    }
    // A domain may have become ours since, or have another route: then it is planned anew.
    auto planned = plan_of(*mail);
    const auto goes_there = [&](const PlannedPart& part) { return part.destination == grant.destination; };
    if (!planned || std::none_of(planned->parts.begin(), planned->parts.end(), goes_there)) {
        plan_again();
        return {};
    }
    auto body = store_.open_body(mail->body);
    if (!body) return fail(std::move(body.error()));
    auto& out = *lease.add_mails();
    out.set_queue_id(raw(given.id));
    out.set_trace_id(mail->trace_id);
    out.set_reverse_path(mail->reverse_path);
    out.set_prefix(mail->prefix);
    out.set_content_bytes((*body)->size());
    out.set_envelope_id(mail->envelope_id);
    out.set_dsn_return(mail->dsn_return);
    out.set_smtputf8(mail->smtputf8);
    out.set_last_try(given.last_try);
    out.set_account_id(raw(mail->sender));
    for (const auto index : given.recipients) {
        if (index >= mail->recipients.size() || mail->recipients[index].is_settled()) continue;
        const auto& recipient = mail->recipients[index];
        auto& to = *out.add_recipients();
        to.set_index(index);
        to.set_address(recipient.address);
        to.set_original(recipient.original);
        to.set_notify(recipient.notify);
        to.set_tries(recipient.tries);
    }
    bool eight_bit = has_octets_above_127(mail->prefix);
    if ((*body)->size() <= std::min<std::uint64_t>(kInlineContentMax, room)) {
        if (auto read = (*body)->read(0, (*body)->size(), *out.mutable_content()); !read) return read;
        room -= out.content().size();
        eight_bit = eight_bit || has_octets_above_127(out.content());
    } else if (!eight_bit) {
        auto found = body_has_octets_above_127(**body);
        if (!found) return fail(std::move(found.error()));
        eight_bit = *found;
    }
    out.set_eight_bit(eight_bit);
    return {};
}

Result<void> Outgoing::add_keys(v1::Lease& lease) const {
    if (!hooks_.dkim_keys) return {};
    absl::flat_hash_set<std::string> authors;
    for (const auto& mail : lease.mails()) {
        auto head = mail.prefix();
        if (mail.content().empty()) {
            auto stored = queue_.get(QueueId{mail.queue_id()});
            if (!stored) return fail(std::move(stored.error()));
            auto body = store_.open_body(stored->body);
            if (!body) return fail(std::move(body.error()));
            if (auto read = (*body)->read(0, std::min<std::uint64_t>((*body)->size(), kHeadBytesMax), head); !read) return read;
        } else {
            head += std::string_view(mail.content()).substr(0, kHeadBytesMax);
        }
        const auto author = mail::author_domain(std::string_view(head).substr(0, head.find("\r\n\r\n")));
        if (!author || !authors.insert(*author).second) continue;
        auto keys = hooks_.dkim_keys(*author);
        if (!keys) return fail(std::move(keys.error()));
        for (auto& key : *keys) *lease.mutable_dkim()->add_keys() = std::move(key);
    }
    return {};
}

Result<std::unique_ptr<Cursor<v1::FetchQueuedReply>>> Outgoing::fetch_queued(const v1::FetchQueued& request) const {
    auto mail = queue_.get(QueueId{request.queue_id()});
    if (!mail) return fail(std::move(mail.error()));
    auto body = store_.open_body(mail->body);
    if (!body) return fail(std::move(body.error()));
    return std::unique_ptr<Cursor<v1::FetchQueuedReply>>(
        std::make_unique<ContentCursor>(std::move(*body), request.offset(), request.bytes()));
}

Result<v1::EndLeaseReply> Outgoing::end_lease(const v1::EndLease& request) {
    const auto how = request.destination_failed() ? Ending::destination_failed
                     : request.has_trouble()      ? Ending::trouble
                                                  : Ending::done;
    std::lock_guard lock(mutex_);
    schedule_.end(request.lease_id(), how, request.trouble());
    wake_.notify_one();  // a failed destination may have mails whose time is over
    return v1::EndLeaseReply();
}

Result<v1::ReclaimLeasesReply> Outgoing::reclaim_leases(const v1::ReclaimLeases& request, LeaseStream stream) {
    v1::ReclaimLeasesReply reply;
    std::lock_guard lock(mutex_);
    for (const auto& held : request.leases()) {
        const auto lost = schedule_.reclaim(stream, held.lease_id(), held.destination(), ids_of(held.queue_ids()));
        for (const auto id : lost) reply.add_lost(raw(id));
    }
    return reply;
}

void Outgoing::cancel(LeaseStream stream, std::uint64_t seq) {
    drop_waiters([&](const Waiter& waiter) { return waiter.stream == stream && waiter.seq == seq; });
}

void Outgoing::stream_closed(LeaseStream stream) {
    drop_waiters([&](const Waiter& waiter) { return waiter.stream == stream; });
    std::lock_guard lock(mutex_);
    schedule_.stream_closed(stream);
}

// Their answers go without the lock: a call that is dropped answers by itself.
void Outgoing::drop_waiters(const std::function<bool(const Waiter&)>& which) {
    std::vector<Waiter> gone;
    std::lock_guard lock(mutex_);
    for (auto at = waiters_.begin(); at != waiters_.end();) {
        if (!which(*at)) {
            ++at;
            continue;
        }
        gone.push_back(std::move(*at));
        at = waiters_.erase(at);
    }
}

// --- the thread --------------------------------------------------------------------------------------------------

std::chrono::milliseconds Outgoing::until_next_event() const {
    using std::chrono::milliseconds;
    auto wait = options_.clock_jumps ? kJumpLookMs : kIdleMs;
    const auto next = schedule_.next_event_ms();
    const auto now = clock_.now_ms();
    if (next <= now) return milliseconds(0);
    wait = std::min(wait, milliseconds(std::min<std::int64_t>(next - now, kIdleMs.count())));
    for (const auto& waiter : waiters_) {
        const auto left = waiter.until - std::chrono::steady_clock::now();
        wait = std::min(wait, std::chrono::ceil<milliseconds>(left));
    }
    return std::max(wait, milliseconds(1));
}

void Outgoing::run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        const bool anew = std::exchange(plan_anew_, false);
        lock.unlock();
        if (anew) plan_anew();
        look_at_clock();
        lock.lock();
        nudged_ = false;
        serve_waiters(lock);
        if (stopping_) break;
        if (plan_anew_ || (!waiters_.empty() && schedule_.is_ready())) continue;
        wake_.wait_for(lock, until_next_event());
    }
}

// Who has waited long enough gets nothing; the others what there is, the first first.
void Outgoing::serve_waiters(std::unique_lock<std::mutex>& lock) {
    std::vector<Answer<v1::LeaseMailReply>> empty;
    std::vector<std::pair<Grant, Answer<v1::LeaseMailReply>>> given;
    const auto now = std::chrono::steady_clock::now();
    while (!waiters_.empty() && schedule_.is_ready()) {
        auto grant = schedule_.lease(waiters_.front().stream, waiters_.front().mails_max);
        if (!grant) break;
        given.emplace_back(std::move(*grant), std::move(waiters_.front().done));
        waiters_.pop_front();
    }
    for (auto at = waiters_.begin(); at != waiters_.end();) {
        if (at->until > now) {
            ++at;
            continue;
        }
        empty.push_back(std::move(at->done));
        at = waiters_.erase(at);
    }
    if (empty.empty() && given.empty()) return;
    lock.unlock();
    for (const auto& done : empty) done(v1::LeaseMailReply());
    for (auto& [grant, done] : given) {
        auto job = [this, grant = std::move(grant), done = std::move(done)] {
            v1::LeaseMailReply reply;
            if (auto filled = fill_lease(grant, *reply.mutable_lease()); !filled) return done(fail(std::move(filled.error())));
            done(std::move(reply));
        };
        if (offload_) offload_(std::move(job));
        else job();
    }
    lock.lock();
}

}  // namespace tayori::spool
