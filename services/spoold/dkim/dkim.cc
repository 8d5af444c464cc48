#include "spoold/dkim/dkim.h"

#include <ctime>

#include "common/base/text.h"
#include "common/mail/address.h"
#include "spoold/directory/records.h"
#include "spoold/dkim/row.h"

namespace tayori::spool {
namespace {

using stored::v1::StoredDkimKey;
using Entry = v1::DkimEntry;

constexpr std::size_t kSelectorBytesMax = 63;
constexpr unsigned kRsaBitsUsual = 2048;

// Labels of a name (RFC 6376 §3.1), in lower case.
Result<std::string> parse_selector(std::string_view text) {
    const auto wrong = [&] {
        return fail(Kind::invalid, cat("\"", text, "\" is no selector: letters, digits and hyphens, as in s2026."));
    };
    if (text.empty() || text.size() > kSelectorBytesMax) return wrong();
    auto selector = to_lower(text);
    char before = '.';
    for (const char c : selector) {
        const bool sign = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!sign && (before == '.' || (c != '-' && c != '.'))) return wrong();
        if (c == '.' && before == '-') return wrong();
        before = c;
    }
    if (before == '.' || before == '-') return wrong();
    return selector;
}

// "s20261127", for Ed25519 "e20261127"; then with "b", "c" … behind.
std::string selector_of_day(std::int64_t now_s, v1::DkimAlgorithm algorithm, std::size_t number) {
    const auto at = static_cast<std::time_t>(now_s);
    std::tm day{};
    gmtime_r(&at, &day);
    char text[16];
    const auto size = std::strftime(text, sizeof text, "%Y%m%d", &day);
    auto out = cat(algorithm == v1::DKIM_ALGORITHM_ED25519_SHA256 ? 'e' : 's', std::string_view(text, size));
    if (number > 0) out += static_cast<char>('a' + number);
    return out;
}

Result<StoredDkimKey> existing_key(store::Transaction& transaction, const std::string& row_key) {
    auto row = read_row<StoredDkimKey>(TransactionRows(transaction), row_key);
    if (!row) return fail(std::move(row.error()));
    const auto names = dkim_row::names(row_key);
    if (!*row) return fail(Kind::not_found, cat("There is no key ", names.selector, " of ", names.domain, "."));
    return std::move(**row);
}

Result<void> check_new_key(store::Transaction& transaction, const dkim_row::Names& names) {
    if (!transaction.get(row_key::domain(names.domain)))
        return fail(Kind::not_found, cat("There is no domain ", names.domain, "."));
    if (transaction.get(dkim_row::key(names.domain, names.selector)))
        return fail(Kind::exists, cat("There is a key ", names.selector, " of ", names.domain, " already."));
    std::size_t count = 0;
    const auto range = dkim_row::range(names.domain);
    transaction.scan(range.from, range.to, [&count](std::string_view, std::string_view) {
        ++count;
        return true;
    });
    if (count >= kDkimKeysMax)
        return fail(Kind::invalid, cat(names.domain, " has ", count, " keys, which is the most: delete retired ones first."));
    return {};
}

Result<crypto::SigningKey> make_key(v1::DkimAlgorithm algorithm, unsigned bits) {
    if (algorithm == v1::DKIM_ALGORITHM_ED25519_SHA256) {
        if (bits != 0) return fail(Kind::invalid, "Keys of Ed25519 have one size: leave the bits out.");
        return crypto::SigningKey::make_ed25519();
    }
    return crypto::SigningKey::make_rsa(bits == 0 ? kRsaBitsUsual : bits);
}

struct Asked {
    std::string row_key;
    dkim_row::Names names;
};
Result<Asked> parse_key_name(const v1::DkimRequest& request) {
    auto domain = parse_domain(request.domain());
    if (!domain) return fail(std::move(domain.error()));
    auto selector = parse_selector(request.selector());
    if (!selector) return fail(std::move(selector.error()));
    return Asked{dkim_row::key(*domain, *selector), {*domain, *selector}};
}

void put_state(store::Transaction& transaction, const std::string& row_key, StoredDkimKey& row, Entry::State state) {
    row.set_state(state);
    row.set_changed_s(transaction.now_ms() / kMillisPerSecond);
    write_row(transaction, row_key, row);
}

// Of one algorithm one key signs.
Result<void> retire_others(store::Transaction& transaction, const Asked& asked, std::uint32_t algorithm) {
    std::vector<std::pair<std::string, StoredDkimKey>> others;
    std::optional<Error> damaged;
    const auto range = dkim_row::range(asked.names.domain);
    transaction.scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
        auto row = decode_stored<StoredDkimKey>(value);
        if (!row) damaged = std::move(row.error());
        else if (key != asked.row_key && row->algorithm() == algorithm && row->state() == Entry::STATE_SIGNING)
            others.emplace_back(key, std::move(*row));
        return !damaged;
    });
    if (damaged) return fail(std::move(*damaged));
    for (auto& [key, row] : others) put_state(transaction, key, row, Entry::STATE_RETIRED);
    return {};
}

}  // namespace

v1::DkimEntry Dkim::shown(const std::string& row_key, const StoredDkimKey& row) const {
    auto names = dkim_row::names(row_key);
    const bool rsa = row.algorithm() != v1::DKIM_ALGORITHM_ED25519_SHA256;
    Entry out;
    out.set_algorithm(rsa ? v1::DKIM_ALGORITHM_RSA_SHA256 : v1::DKIM_ALGORITHM_ED25519_SHA256);
    out.set_bits(row.bits());
    out.set_state(static_cast<Entry::State>(row.state()));
    out.set_created_s(row.created_s());
    out.set_changed_s(row.changed_s());
    const auto in_dns = mail::ascii_domain(names.domain).value_or(names.domain);
    out.set_record_name(cat(names.selector, "._domainkey.", in_dns, "."));
    out.set_record(cat("v=DKIM1; k=", rsa ? "rsa" : "ed25519", "; p=", base64_encode(row.public_bytes())));
    if (row.state() == Entry::STATE_RETIRED) out.set_removable_s(row.changed_s() + kDkimMailTravels);
    out.set_unreadable(!unsealed(row, row_key));
    out.set_domain(std::move(names.domain));
    out.set_selector(std::move(names.selector));
    return out;
}

void Dkim::submit(Change change, Answer<v1::DkimEntry> done) {
    auto value = std::make_shared<v1::DkimEntry>();
    store::Request request;
    request.effect = store::Effect::shrinks;
    request.apply = [change = std::move(change), value](store::Transaction& transaction) -> Result<void> {
        auto entry = change(transaction);
        if (!entry) return fail(std::move(entry.error()));
        *value = std::move(*entry);
        return {};
    };
    request.done = [this, value, done = std::move(done)](Result<void> committed) {
        ++version_;
        if (!committed) done(fail(std::move(committed.error())));
        else done(std::move(*value));
    };
    store_.submit(std::move(request));
}

void Dkim::create(const v1::CreateDkimRequest& request, Answer<v1::DkimEntry> done) {
    auto domain = parse_domain(request.domain());
    if (!domain) return done(fail(std::move(domain.error())));
    const auto now_s = clock_.now_ms() / kMillisPerSecond;
    std::string selector;
    if (!request.selector().empty()) {
        auto parsed = parse_selector(request.selector());
        if (!parsed) return done(fail(std::move(parsed.error())));
        selector = std::move(*parsed);
    } else {
        for (std::size_t number = 0; number < kDkimKeysMax + 1; ++number) {
            selector = selector_of_day(now_s, request.algorithm(), number);
            const auto taken = store_.get(dkim_row::key(*domain, selector));
            if (taken && !*taken) break;
        }
    }
    const dkim_row::Names names{*domain, selector};
    // An answer to a wrong name should not wait for a key.
    const auto known = store_.get(row_key::domain(names.domain));
    if (known && !*known) return done(fail(Kind::not_found, cat("There is no domain ", names.domain, ".")));
    auto key = make_key(request.algorithm(), request.bits());
    if (!key) return done(fail(std::move(key.error())));
    const auto row_key = dkim_row::key(names.domain, names.selector);
    auto sealed = sealer_.seal(key->private_der(), row_key);
    if (!sealed) return done(fail(std::move(sealed.error())));
    StoredDkimKey row;
    const bool rsa = key->kind() == crypto::KeyKind::rsa;
    row.set_algorithm(rsa ? v1::DKIM_ALGORITHM_RSA_SHA256 : v1::DKIM_ALGORITHM_ED25519_SHA256);
    row.set_bits(key->bits());
    row.set_state(Entry::STATE_WAITING);
    row.set_created_s(now_s);
    row.set_changed_s(now_s);
    row.set_public_bytes(key->public_bytes());
    row.set_sealed(std::move(*sealed));
    submit(
        [this, row, row_key, names](store::Transaction& transaction) -> Result<v1::DkimEntry> {
            auto free = check_new_key(transaction, names);
            if (!free) return fail(std::move(free.error()));
            write_row(transaction, row_key, row);
            return shown(row_key, row);
        },
        std::move(done));
}

Result<v1::DkimList> Dkim::list(const v1::ListDkimRequest& request) const {
    std::string domain;
    if (!request.domain().empty()) {
        auto parsed = parse_domain(request.domain());
        if (!parsed) return fail(std::move(parsed.error()));
        domain = std::move(*parsed);
        auto known = store_.get(row_key::domain(domain));
        if (!known) return fail(std::move(known.error()));
        if (!*known) return fail(Kind::not_found, cat("There is no domain ", domain, "."));
    }
    v1::DkimList out;
    std::optional<Error> damaged;
    const auto range = dkim_row::range(domain);
    auto scanned = store_.snapshot()->scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
        auto row = decode_stored<StoredDkimKey>(value);
        if (!row) damaged = std::move(row.error());
        else *out.add_keys() = shown(std::string(key), *row);
        return !damaged;
    });
    if (!scanned) return fail(std::move(scanned.error()));
    if (damaged) return fail(std::move(*damaged));
    return out;
}

void Dkim::enable(const v1::DkimRequest& request, Answer<v1::DkimEntry> done) {
    auto asked = parse_key_name(request);
    if (!asked) return done(fail(std::move(asked.error())));
    submit(
        [this, asked = std::move(*asked)](store::Transaction& transaction) -> Result<v1::DkimEntry> {
            auto row = existing_key(transaction, asked.row_key);
            if (!row) return fail(std::move(row.error()));
            auto usable = unsealed(*row, asked.row_key);
            if (!usable) return fail(std::move(usable.error()));
            auto retired = retire_others(transaction, asked, row->algorithm());
            if (!retired) return fail(std::move(retired.error()));
            if (row->state() != Entry::STATE_SIGNING) put_state(transaction, asked.row_key, *row, Entry::STATE_SIGNING);
            return shown(asked.row_key, *row);
        },
        std::move(done));
}

void Dkim::disable(const v1::DkimRequest& request, Answer<v1::DkimEntry> done) {
    auto asked = parse_key_name(request);
    if (!asked) return done(fail(std::move(asked.error())));
    submit(
        [this, asked = std::move(*asked)](store::Transaction& transaction) -> Result<v1::DkimEntry> {
            auto row = existing_key(transaction, asked.row_key);
            if (!row) return fail(std::move(row.error()));
            // One that has never signed goes on waiting: there is no mail that needs its record.
            if (row->state() == Entry::STATE_SIGNING) put_state(transaction, asked.row_key, *row, Entry::STATE_RETIRED);
            return shown(asked.row_key, *row);
        },
        std::move(done));
}

void Dkim::remove(const v1::DkimRequest& request, Answer<v1::DkimList> done) {
    auto asked = parse_key_name(request);
    if (!asked) return done(fail(std::move(asked.error())));
    const auto domain = asked->names.domain;
    submit(
        [this, asked = std::move(*asked)](store::Transaction& transaction) -> Result<v1::DkimEntry> {
            auto row = existing_key(transaction, asked.row_key);
            if (!row) return fail(std::move(row.error()));
            if (row->state() == Entry::STATE_SIGNING)
                return fail(Kind::invalid, cat("The key ", asked.names.selector, " of ", asked.names.domain,
                                               " still signs: enable another one or disable it first."));
            transaction.erase(asked.row_key);
            return v1::DkimEntry();
        },
        [this, domain, done = std::move(done)](Result<v1::DkimEntry> removed) {
            if (!removed) return done(fail(std::move(removed.error())));
            v1::ListDkimRequest left;
            left.set_domain(domain);
            done(list(left));
        });
}

}  // namespace tayori::spool
