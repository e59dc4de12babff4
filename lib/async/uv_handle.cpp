// Looking at all handles of a loop; see uv_handle.hpp.

#include "async/uv_handle.hpp"

namespace belfry::async {

std::string open_uv_handles(uv_loop_t* loop) {
  std::string kinds;
  uv_walk(
      loop,
      [](uv_handle_t* handle, void* list) {
        if (uv_is_closing(handle) != 0) return;
        auto& text = *static_cast<std::string*>(list);
        if (!text.empty()) text += ", ";
        text += uv_handle_type_name(uv_handle_get_type(handle));
      },
      &kinds);
  return kinds;
}

void force_close_uv_handles(uv_loop_t* loop) noexcept {
  uv_walk(
      loop,
      [](uv_handle_t* handle, void*) {
        if (uv_is_closing(handle) == 0) uv_close(handle, nullptr);
      },
      nullptr);
}

}  // namespace belfry::async
