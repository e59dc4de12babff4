// With BELFRY_CHECK_LIFETIMES defined, Clang finds at compile time (-Wdangling) coroutines that outlive what they refer
// to: a closure that is gone at the semicolon, a temporary behind a const&. Not for the code of a program, for checking
// it:
//
//   clang++ -std=c++23 -fsyntax-only -DBELFRY_CHECK_LIFETIMES file.cpp
//
// It is off by default because Clang then wants [[clang::coro_wrapper]] at every function that returns a Task without
// being a coroutine, those inside of std::function too.
#pragma once

#if defined(BELFRY_CHECK_LIFETIMES) && defined(__clang__)
#define BELFRY_COROUTINE [[clang::coro_return_type, clang::coro_lifetimebound]]  // a class that coroutines return
#define BELFRY_COROUTINE_WRAPPER [[clang::coro_wrapper]]                         // a function that passes one on
#define BELFRY_COROUTINE_MAKER [[clang::coro_wrapper, clang::coro_disable_lifetimebound]]  // get_return_object()
#define BELFRY_LIFETIME_BOUND [[clang::lifetimebound]]  // what is returned must not outlive what this refers to
#else
#define BELFRY_COROUTINE
#define BELFRY_COROUTINE_WRAPPER
#define BELFRY_COROUTINE_MAKER
#define BELFRY_LIFETIME_BOUND
#endif
