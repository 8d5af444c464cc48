#include "spoold/store/commit.h"

#include <future>
#include <memory>

namespace tayori::store {

Result<void> commit_and_wait(Store& store, std::uint64_t account, Effect effect, Mutation apply) {
    auto outcome = std::make_shared<std::promise<Result<void>>>();
    auto future = outcome->get_future();
    Request request;
    request.account = account;
    request.effect = effect;
    request.apply = std::move(apply);
    request.done = [outcome](Result<void> result) { outcome->set_value(std::move(result)); };
    store.submit(std::move(request));
    return future.get();
}

}  // namespace tayori::store
