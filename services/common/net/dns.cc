#include "common/net/dns.h"

#include <ares.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "common/base/text.h"
#include "common/net/socket.h"

namespace tayori::net {
namespace {

constexpr int kDnsClassInternet = 1;
constexpr Duration kDnsLookMax = std::chrono::seconds(1);  // at most, until c-ares looks at its own clock

}  // namespace

// One question on its way, however many wait for it.
struct Dns::Question {
    explicit Question(Key k) : key(std::move(k)) {}
    Key key;
    Event done;
    bool finished = false;
    Result<DnsAnswer> outcome = fail(Kind::busy, "The DNS did not answer.");
};

// c-ares with its sockets and its clock on our loop. Those sockets are c-ares': we watch duplicates, so that each of us
// closes its own.
struct Dns::Channel {
    Channel(Dns& o, Loop& l) : owner(o), loop(l), timer(l) {}
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;
    ~Channel() {
        ending = true;
        if (ares != nullptr) ares_destroy(ares);
    }

    static void on_state(void* self, ares_socket_t fd, int readable, int writable) {
        static_cast<Channel*>(self)->watch(fd, (readable != 0 ? kReadable : 0U) | (writable != 0 ? kWritable : 0U));
    }

    void watch(ares_socket_t fd, unsigned ready) {
        if (ready == 0) {
            sockets.erase(fd);
            return;
        }
        auto& socket = sockets[fd];
        if (!socket) {
            const auto on_ready = [this, fd](unsigned now) {
                process((now & kReadable) != 0 ? fd : ARES_SOCKET_BAD, (now & kWritable) != 0 ? fd : ARES_SOCKET_BAD);
            };
            socket = std::make_unique<Socket>(loop, ::dup(fd), on_ready);
        }
        socket->want(ready);
    }

    void process(ares_socket_t readable, ares_socket_t writable) {
        ares_process_fd(ares, readable, writable);
        arm();
        owner.deliver_soon();
    }

    void arm() {
        timeval most{};
        most.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(kDnsLookMax).count();
        timeval left{};
        if (owner.pending_.empty()) {
            timer.cancel();
            return;
        }
        const auto* until = ares_timeout(ares, &most, &left);
        const Duration after(until->tv_sec * 1000 + until->tv_usec / 1000 + 1);
        timer.start_in(after, [this] { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); });
    }

    struct Asked {
        Asked(Channel& c, std::shared_ptr<Question> q) : channel(c), question(std::move(q)) {}
        Channel& channel;
        std::shared_ptr<Question> question;
    };

    static void hear(void* context, int status, int /*timeouts*/, unsigned char* bytes, int length) {
        const std::unique_ptr<Asked> asked(static_cast<Asked*>(context));
        if (asked->channel.ending) return;
        asked->channel.owner.answered(asked->question, outcome_of(status, bytes, length, asked->question->key.second));
    }

    static Result<DnsAnswer> outcome_of(int status, const unsigned char* bytes, int length, DnsType type) {
        DnsAnswer none;
        none.found = DnsAnswer::Found::no_such_name;
        switch (status) {
            case ARES_EBADNAME: return none;  // what can't be a name has no records
            case ARES_SUCCESS:
            case ARES_ENODATA:
            case ARES_ENOTFOUND: {
                if (bytes == nullptr || length <= 0) break;
                auto answer = read_dns_answer({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length)}, type);
                if (answer) return answer;
                // Nonsense may come from anybody on the way: the next try may be better.
                return fail(Kind::busy, answer.error().text, answer.error().detail);
            }
            default: break;
        }
        return fail(Kind::busy, "The DNS did not answer.", ares_strerror(status));
    }

    void ask(std::shared_ptr<Question> question) {
        const auto& [name, type] = question->key;
        auto asked = std::make_unique<Asked>(*this, question);
        ares_query(ares, name.c_str(), kDnsClassInternet, static_cast<int>(type), hear, asked.release());
        arm();
    }

    Dns& owner;
    Loop& loop;
    Timer timer;
    ares_channel ares = nullptr;
    bool ending = false;
    std::map<ares_socket_t, std::unique_ptr<Socket>> sockets;
};

Dns::Dns(Loop& loop) : loop_(loop), alive_(std::make_shared<bool>(true)), channel_(std::make_unique<Channel>(*this, loop)) {}

Dns::~Dns() = default;

Result<std::unique_ptr<Dns>> Dns::make(Loop& loop, const DnsOptions& options) {
    static const int kReady = ares_library_init(ARES_LIB_INIT_ALL);
    std::unique_ptr<Dns> dns(new Dns(loop));
    ares_options wanted{};
    wanted.timeout = static_cast<int>(options.timeout.count());
    wanted.tries = options.tries;
    wanted.sock_state_cb = Channel::on_state;
    wanted.sock_state_cb_data = dns->channel_.get();
    const int given = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
    if (kReady != ARES_SUCCESS || ares_init_options(&dns->channel_->ares, &wanted, given) != ARES_SUCCESS)
        return fail(Kind::busy, "The resolver could not be started.");
    std::string list;
    for (const auto& server : options.servers) append(list, list.empty() ? "" : ",", server);
    if (!list.empty() && ares_set_servers_ports_csv(dns->channel_->ares, list.c_str()) != ARES_SUCCESS)
        return fail(Kind::invalid, cat("\"", list, "\" are no resolvers: expected ADDRESS:PORT."));
    return dns;
}

Dns::Key Dns::key_of(std::string_view name, DnsType type) {
    auto key = to_lower(name);
    if (key.ends_with('.')) key.pop_back();
    return {std::move(key), type};
}

const DnsAnswer* Dns::kept(const Key& key) {
    const auto found = kept_.find(key);
    if (found == kept_.end()) return nullptr;
    if (found->second.until > loop_.now()) return &found->second.answer;
    kept_.erase(found);
    return nullptr;
}

void Dns::keep(const Key& key, const DnsAnswer& answer) {
    const auto most = answer.found == DnsAnswer::Found::records ? kDnsTtlMax : kDnsNegativeTtlMax;
    const auto ttl = std::min(answer.ttl, most);
    if (ttl.count() == 0) return;
    if (kept_.size() >= kDnsKeptMax) {
        const auto now = loop_.now();
        absl::erase_if(kept_, [now](const auto& row) { return row.second.until <= now; });
        if (kept_.size() >= kDnsKeptMax) kept_.clear();
    }
    kept_[key] = {answer, loop_.in(ttl)};
}

Result<std::shared_ptr<Dns::Question>> Dns::question(const Key& key) {
    const auto found = pending_.find(key);
    if (found != pending_.end()) return found->second;
    if (pending_.size() >= kDnsPendingMax) return fail(Kind::busy, "Too many questions to the DNS wait.");
    auto asked = std::make_shared<Question>(key);
    pending_[key] = asked;
    channel_->ask(asked);
    return asked;
}

void Dns::answered(const std::shared_ptr<Question>& question, Result<DnsAnswer> outcome) {
    question->finished = true;
    question->outcome = std::move(outcome);
    if (question->outcome) keep(question->key, *question->outcome);
    pending_.erase(question->key);
    answered_.push_back(question);
    deliver_soon();
}

// Never from within c-ares: who is woken may ask the next question.
void Dns::deliver_soon() {
    if (answered_.empty() || std::exchange(delivering_, true)) return;
    loop_.post([this, alive = std::weak_ptr<bool>(alive_)] {
        if (!alive.expired()) deliver();
    });
}

void Dns::deliver() {
    delivering_ = false;
    const std::weak_ptr<bool> alive = alive_;
    const auto ready = std::exchange(answered_, {});
    for (const auto& question : ready) {
        question->done.notify();
        if (alive.expired()) return;
    }
}

Async<DnsAnswer> Dns::ask(std::string name, DnsType type) {
    const auto key = key_of(name, type);
    if (const auto* known = kept(key)) {
        auto answer = *known;
        co_return answer;
    }
    auto asked = question(key);
    if (!asked) co_await fail(std::move(asked.error()));
    const auto own = *asked;
    if (!own->finished) co_await loop_.wait(own->done, loop_.in(kDnsAskMax));
    auto outcome = own->outcome;  // of an unanswered one: busy
    co_return outcome;
}

void Dns::prefetch(std::string_view name, DnsType type) {
    const auto key = key_of(name, type);
    // A failure here is the failure of the ask() that follows.
    if (kept(key) == nullptr) static_cast<void>(question(key));
}

}  // namespace tayori::net
