// Loads an addon as Node would, where there is no Node: argument 1. Its calls into Node are left open.
#include <dlfcn.h>
#include <stdio.h>

int main(int count, char** arguments) {
  void* addon = count > 1 ? dlopen(arguments[1], RTLD_LAZY) : NULL;
  if (addon == NULL || dlsym(addon, "napi_register_module_v1") == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  puts("loaded");
  return 0;
}
