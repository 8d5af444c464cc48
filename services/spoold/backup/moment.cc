#include "spoold/backup/moment.h"

#include <algorithm>

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/backup/chain_files.h"
#include "spoold/store/checksum.h"
#include "spoold/store/format.h"

namespace tayori::spool {
namespace {

constexpr std::uint64_t kMomentBytes = 1 << 20;

Result<void> copy_part(Target& target, const Chain::Part& part, std::uint32_t checksum, store::File& to,
                       const std::function<bool(std::uint64_t)>& advance) {
    const auto place = place_of(part.step, part.piece.name);
    const auto size = part.piece.to - part.piece.from;
    std::uint32_t found = 0;
    std::string bytes;
    for (std::uint64_t at = 0; at < size; at += bytes.size()) {
        bytes.resize(std::min(kMomentBytes, size - at));
        auto got = target.read(place, at, bytes.data(), bytes.size());
        if (!got) return fail(std::move(got.error()));
        if (*got < bytes.size()) return fail(Kind::corrupt, "The backup is damaged.", cat(place, " is too short"));
        found = store::crc32c(bytes, found);
        if (auto written = to.write_at(part.piece.from + at, bytes); !written) return written;
        if (!advance(bytes.size())) return fail(Kind::closed, "Stopped.");
    }
    if (found == checksum) return {};
    return fail(Kind::corrupt, "The backup is damaged.", cat(place, " has another checksum"));
}

}  // namespace

Result<void> copy_out(Target& target, const Chain& chain, std::string_view below, const std::string& directory,
                      const Watch& watch) {
    auto& files = store::posix_files();
    Progress progress;
    for (const auto& step : chain.steps) {
        for (const auto& file : step.files) {
            if (file.piece.name.starts_with(below)) progress.total += file.piece.to - file.piece.from;
        }
    }
    const auto advance = [&](std::uint64_t bytes) {
        progress.done += bytes;
        return watch(progress);
    };
    for (const auto& step : chain.steps) {
        for (const auto& file : step.files) {
            if (!file.piece.name.starts_with(below)) continue;
            const auto path = cat(directory, "/", store::base_name(file.piece.name));
            const bool first = file.piece.from == 0;
            auto to = files.open(path, first ? store::OpenMode::create : store::OpenMode::write);
            if (!to) return fail(std::move(to.error()));
            auto done = copy_part(target, {step.number, file.piece}, file.checksum, **to, advance);
            if (done) done = (*to)->sync();
            if (!done) return done;
        }
    }
    return files.sync_directory(directory);
}

Result<void> check_format(const Chain& chain) {
    const auto format = chain.last().store_format;
    if (format == store::kStoreFormat) return {};
    return fail(Kind::unsupported,
                cat("The backup has store format ", format, ", this program ", store::kStoreFormat,
                    ". Restore it whole with the program that made it (", chain.last().program, ")."));
}

Result<std::unique_ptr<Moment>> Moment::open(Target& target, Chain chain, std::optional<std::int64_t> moment_ms,
                                             std::string directory, const Watch& watch) {
    if (auto right = check_format(chain); !right) return fail(std::move(right.error()));
    auto& files = store::posix_files();
    if (auto done = store::remove_tree(files, directory); !done) return fail(std::move(done.error()));
    if (auto done = store::ensure_directory(files, directory); !done) return fail(std::move(done.error()));
    std::unique_ptr<Moment> moment(new Moment(std::move(chain), std::move(directory)));
    if (auto done = copy_out(target, moment->chain_, "index/", moment->directory_, watch); !done) {
        return fail(std::move(done.error()));
    }
    moment->log_ = make_chain_files(target, moment->chain_);
    const auto& last = moment->chain_.last();
    store::PastWish wish;
    wish.index_directory = moment->directory_;
    wish.log_files = moment->log_.get();
    wish.log_directory = "log";
    wish.until = last.until;
    wish.give_up = [&watch] { return !watch(Progress()); };
    moment->as_of_ms_ = last.until_ms;
    if (moment_ms) {
        wish.moment_ms = *moment_ms;
        moment->as_of_ms_ = std::min(moment->as_of_ms_, *moment_ms);
    }
    auto past = store::open_past(wish);
    if (!past) return fail(std::move(past.error()));
    moment->past_ = std::move(*past);
    return moment;
}

Moment::~Moment() {
    past_.reset();
    if (auto gone = store::remove_tree(store::posix_files(), directory_); !gone) {
        log_warn("backup: a temporary directory stays", {{"directory", directory_}, {"detail", gone.error().detail}});
    }
}

}  // namespace tayori::spool
