#include "common/crypto/seal.h"

#include <gtest/gtest.h>

namespace tayori::crypto {
namespace {

TEST(Seal, OpensWithItsKeyAndForWhatItIsBoundTo) {
    const std::string key(kSealKeyBytes, 'k');
    for (const std::string& secret : {std::string("secret"), std::string(), std::string(20'000, 'x')}) {
        const auto sealed = seal(key, secret, "taro");
        EXPECT_EQ(unseal(key, sealed, "taro"), secret);
        EXPECT_FALSE(unseal(key, sealed, "jiro"));
        EXPECT_FALSE(unseal(std::string(kSealKeyBytes, 'l'), sealed, "taro"));
        EXPECT_NE(seal(key, secret, "taro"), sealed);
        for (const std::size_t at : {std::size_t{0}, sealed.size() / 2, sealed.size() - 1}) {
            auto other = sealed;
            other[at] ^= 1;
            EXPECT_FALSE(unseal(key, other, "taro"));
        }
    }
    EXPECT_FALSE(unseal(key, "short", "taro"));
    EXPECT_FALSE(unseal("no key", std::string(60, 'x'), "taro"));
}

}  // namespace
}  // namespace tayori::crypto
