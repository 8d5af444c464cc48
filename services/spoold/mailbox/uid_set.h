// A set of UIDs as ascending ranges that neither touch nor overlap.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "spoold/ids.h"
#include "spoold/mailbox/codec.h"
#include "tayori/spool/v1/types.pb.h"

namespace tayori::spool {

class UidSet {
  public:
    struct Range {
        Uid first = 0;
        Uid last = 0;
        friend bool operator==(const Range&, const Range&) = default;
    };
    using Wire = google::protobuf::RepeatedPtrField<v1::UidRange>;

    UidSet() = default;
    static UidSet all() { return UidSet(1, UINT32_MAX); }
    UidSet(Uid first, Uid last) : ranges_{{first, last}} {}
    // In any order, overlapping or not. invalid: a range that ends before it begins, UID 0, too many.
    static Result<UidSet> of(const Wire& wire);

    // UIDs above all that are in the set.
    void add_last(Uid uid) {
        if (!ranges_.empty() && ranges_.back().last + 1 == uid) ranges_.back().last = uid;
        else ranges_.push_back({uid, uid});
    }
    void add(Uid first, Uid last) { ranges_.push_back({first, last}), tidy(); }
    static UidSet united(const std::vector<UidSet>& sets);

    bool empty() const { return ranges_.empty(); }
    std::uint64_t size() const;
    bool contains(Uid uid) const;
    Uid first() const { return ranges_.front().first; }
    Uid last() const { return ranges_.back().last; }
    const std::vector<Range>& ranges() const { return ranges_; }
    // What is missing between first and last.
    UidSet complement(Uid first, Uid last) const;
    UidSet after(Uid uid) const;  // only what is greater

    void write(std::string& out) const;
    static bool read(Reader& in, UidSet& out);
    template <class Field>
    void to_wire(Field* wire) const {
        for (const auto& range : ranges_) {
            auto* to = wire->Add();
            to->set_first(range.first);
            to->set_last(range.last);
        }
    }
    friend bool operator==(const UidSet&, const UidSet&) = default;

  private:
    void tidy();
    std::vector<Range> ranges_;
};

// Asks for ascending UIDs, each in amortised constant time.
class UidWalk {
  public:
    explicit UidWalk(const UidSet& set) : at_(set.ranges().begin()), end_(set.ranges().end()) {}
    bool contains(Uid uid) {
        while (at_ != end_ && at_->last < uid) ++at_;
        return at_ != end_ && at_->first <= uid;
    }
    // The least UID of the set at or above `uid`; 0: none.
    Uid next(Uid uid) {
        while (at_ != end_ && at_->last < uid) ++at_;
        if (at_ == end_) return 0;
        return at_->first > uid ? at_->first : uid;
    }

  private:
    std::vector<UidSet::Range>::const_iterator at_;
    std::vector<UidSet::Range>::const_iterator end_;
};

}  // namespace tayori::spool
