// What the directory is told at start: settings, and how it reaches the mailboxes. Plain values, no dependency on
// spoold/mailbox: spoold's main.cc wires both together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "common/base/result.h"
#include "spoold/store/store.h"
#include "tayori/spool/v1/auth.pb.h"

namespace tayori::spool {

struct DirectoryOptions {
    std::string postmaster;              // gets postmaster's mail; empty: the catch-all, else the oldest account
    std::string default_domain;          // for logins without domain; empty: the only domain, where there is one
    std::string tag_separator = "+";     // one character; empty: no tags
    std::uint64_t quota_bytes = 0;       // of new accounts in domains that say nothing else; 0: none
    std::uint64_t quota_messages = 0;
    std::uint32_t undelete_days = 30;    // how long a deleted account can come back
    std::uint32_t retire_days = 30;      // and one retired by a bulk change
    std::uint32_t scram_iterations = 10'000;  // of keys made from now on
    std::size_t verify_threads = 2;      // password verifications at the same time
    std::size_t verifications_max = 1000;  // waiting for one; of known clients and of strangers each
    std::int64_t login_cache_ms = 300'000;  // how long a right password is known without work; 0: never
    std::uint32_t failures_max = 20;        // of a stranger at one name within the window (throttle.h)
    std::int64_t failure_window_ms = 600'000;
};

struct MailboxFacts {
    std::uint64_t used_bytes = 0;
    std::uint64_t used_messages = 0;
    bool pop3_form = false;
    v1::ImapAccess imap = v1::IMAP_ACCESS_ALLOWED;
};

struct MailboxHooks {
    // Makes INBOX and the default folders, in the mutation that makes the account.
    std::function<Result<void>(store::Transaction&, std::uint64_t account_id)> create;
    // Removes a bounded part of a mailbox that nobody can reach any more; true when nothing is left.
    std::function<Result<bool>(store::Transaction&, std::uint64_t account_id)> purge;
    // What the ledger says now. Any thread.
    std::function<Result<MailboxFacts>(std::uint64_t account_id)> facts;
};

}  // namespace tayori::spool
