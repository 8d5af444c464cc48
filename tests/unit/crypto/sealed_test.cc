#include "common/crypto/sealed.h"

#include <gtest/gtest.h>

namespace tayori::crypto {
namespace {

TEST(Sealed, OpensWithItsKeyAndForItsPurpose) {
    const std::string key(32, 'k');
    for (const std::string& secret : {std::string("secret"), std::string(), std::string(20'000, 'x')}) {
        const auto sealed = seal(key, secret, "taro");
        EXPECT_EQ(open_sealed(key, sealed, "taro").value_or("damaged"), secret);
        EXPECT_FALSE(open_sealed(key, sealed, "jiro"));
        EXPECT_FALSE(open_sealed(std::string(32, 'l'), sealed, "taro"));
        EXPECT_NE(seal(key, secret, "taro"), sealed);
        for (const std::size_t at : {std::size_t{0}, sealed.size() / 2, sealed.size() - 1}) {
            auto other = sealed;
            other[at] ^= 1;
            EXPECT_FALSE(open_sealed(key, other, "taro"));
        }
    }
    EXPECT_FALSE(open_sealed(key, "short", "taro"));
}

}  // namespace
}  // namespace tayori::crypto
