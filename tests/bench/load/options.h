// `bench_load CASE --name=value …`; what is not given has the value that the case names.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace tayori::bench {

class Options {
  public:
    Options(int argc, char** argv);
    std::string text(const std::string& name, const std::string& otherwise = {}) const;
    long number(const std::string& name, long otherwise) const;
    bool has(const std::string& name) const { return values_.contains(name); }

    // Login name and address of user number i: --user-format=u%d, --address-format=u%d@example.org.
    std::string user(long i) const;
    std::string address(long i) const;
    std::string host() const { return text("host", "127.0.0.1"); }
    std::string password() const { return text("password", "secret"); }

  private:
    std::map<std::string, std::string> values_;
};

}  // namespace tayori::bench
