// Large pages for memory of some megabytes.
#pragma once

#include <cstddef>

namespace saliencymix {

// Takes memory that nobody has written to yet and asks for large pages under it, where the system has them on request
// (Linux): megabytes then take a few page faults, not thousands. Only advice; it cannot fail.
void preferLargePages(std::byte* fresh, std::size_t bytes);

}  // namespace saliencymix
