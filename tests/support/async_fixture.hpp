// The fixture is public: see async/testing.hpp.
#pragma once

#include "async/testing.hpp"
