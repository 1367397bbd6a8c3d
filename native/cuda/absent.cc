// Stands in for backend.cu where the build had no CUDA compiler, so that whoever asks for the backend is told why it is
// not there.
#include <stdexcept>

#include "cuda/backend.h"

namespace saliencymix {

namespace {

class AbsentBackend final : public Backend {
 public:
  const char* name() const override { return "cuda"; }
  const char* description() const override { return "NVIDIA graphics cards, left out of this build"; }
  std::string unavailable() const override {
    return "this build has no CUDA code, for want of a CUDA compiler (nvcc) or by SALIENCYMIX_CUDA=OFF; with the CUDA "
           "toolkit installed, build the addon again";
  }
  bool supports(const Needs&) const override { return false; }
  const char* level() const override { return "none"; }
  std::vector<std::string> levels() const override { return {}; }
  bool isRemote() const override { return true; }

  void saliency(const SaliencyJob&, const Run&) const override { refuse(); }
  void mix(const MixJob&, const Run&) const override { refuse(); }
  void mixLabelMaps(const NhwcBatch<std::int32_t>&, std::span<const MixSample>, std::int32_t*, const Run&) const override {
    refuse();
  }
  void cropFlip(const BatchSource&, std::span<const CropFlip>, const Destination&, const Run&) const override { refuse(); }
  void applyOperations(const OperationsJob&, const Run&) const override { refuse(); }
  std::unique_ptr<Resident> allocate(std::size_t) const override { refuse(); }
  void upload(const void*, Resident&, const Run&) const override { refuse(); }
  void download(const Resident&, void*, const Run&) const override { refuse(); }

 private:
  [[noreturn]] void refuse() const { throw std::runtime_error(unavailable()); }
};

}  // namespace

const Backend& cudaBackend() {
  static const AbsentBackend backend;
  return backend;
}

}  // namespace saliencymix
