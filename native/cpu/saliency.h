// The maps of several images, on threads.
#pragma once

#include <array>

#include "core/backend.h"
#include "cpu/kernels.h"

namespace saliencymix::cpu {

// The images of a call, all of one shape, and what is done with their maps. Threads visit several images at the same time, each
// image once.
class MapVisitor {
 public:
  virtual ~MapVisitor() = default;
  virtual int count() const = 0;
  virtual ImageView image(int i) const = 0;
  // Where map i is written; nullptr: to memory that is used again afterwards.
  virtual float* mapOf(int i) const = 0;
  virtual void useMap(int i, const float* map) = 0;
  // Whether the first peak and the first low are all that is wanted beside the map. Then useExtremes may be called in place of
  // useMap, when the map has been made.
  virtual bool wantsExtremes(int) const { return false; }
  virtual void useExtremes(int, Point /*peak*/, Point /*low*/) {}
  // Whether the first peak is all that is wanted. Then usePeak may be called in place of useMap, and no map is made.
  virtual bool wantsPeakAlone(int) const { return false; }
  virtual void usePeak(int, Point) {}
  // What useMap or usePeak is going to read and write: it is fetched into the cache while the map is computed.
  virtual std::array<PrefetchRange, 2> usesNext(int) const { return {}; }
};

// Visits every image with its map by the method.
void visitMaps(const Kernels& kernels, const SaliencyMethod& method, MapVisitor& visitor, const Run& run);

}  // namespace saliencymix::cpu
