// The key `user`: whom a program runs as.
//
// Whether there is such a user is not asked here: a configuration is right or wrong by itself, on whatever machine it
// is read, and a directory server that is down must not keep belfryd from starting. `belfry lint` asks.
#pragma once

#include <optional>
#include <string>

#include "daemon/config/source_text.hpp"
#include "daemon/config/value.hpp"
#include "jobs/account.hpp"

namespace belfry::daemon {

struct UserDeclaration {
  jobs::AccountRequest account;
  Place place;  ///< of the value
};

/// A name, a map, or `none`. Complains about what is wrong, and leaves `user` as it was then.
void read_user(const Value& value, std::optional<UserDeclaration>& user);

}  // namespace belfry::daemon
