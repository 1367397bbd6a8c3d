// The discrete Fourier transform of eight complex numbers in float32, in order, with the bits of cpu/kernels/transform.inc.
#pragma once

#include "core/host_device.h"
#include "core/saliency/spectral_residual_float.h"

namespace saliencymix::cuda {

struct ComplexFloat {
  float re;
  float im;
};

SALIENCYMIX_HOST_DEVICE inline ComplexFloat operator+(const ComplexFloat& a, const ComplexFloat& b) {
  return {a.re + b.re, a.im + b.im};
}
SALIENCYMIX_HOST_DEVICE inline ComplexFloat operator-(const ComplexFloat& a, const ComplexFloat& b) {
  return {a.re - b.re, a.im - b.im};
}

// Times -i in the forward transform, times i in the inverse.
template <bool forward>
SALIENCYMIX_HOST_DEVICE ComplexFloat quarterTurn(const ComplexFloat& a) {
  return forward ? ComplexFloat{a.im, -a.re} : ComplexFloat{-a.im, a.re};
}

// Times e^(-i pi / 4) in the forward transform, times its conjugate in the inverse.
template <bool forward>
SALIENCYMIX_HOST_DEVICE ComplexFloat eighthTurn(const ComplexFloat& a) {
  constexpr float kHalfRoot = spectralFloat::kHalfRoot;
  return forward ? ComplexFloat{(a.re + a.im) * kHalfRoot, (a.im - a.re) * kHalfRoot}
                 : ComplexFloat{(a.re - a.im) * kHalfRoot, (a.im + a.re) * kHalfRoot};
}

template <bool forward>
SALIENCYMIX_HOST_DEVICE void dft4(ComplexFloat& a, ComplexFloat& b, ComplexFloat& c, ComplexFloat& d) {
  const ComplexFloat even = a + c;
  const ComplexFloat evenLess = a - c;
  const ComplexFloat odd = b + d;
  const ComplexFloat oddLess = quarterTurn<forward>(b - d);
  a = even + odd;
  b = evenLess + oddLess;
  c = even - odd;
  d = evenLess - oddLess;
}

template <bool forward>
SALIENCYMIX_HOST_DEVICE void dft8(ComplexFloat (&v)[8]) {
  dft4<forward>(v[0], v[2], v[4], v[6]);
  dft4<forward>(v[1], v[3], v[5], v[7]);
  const ComplexFloat turned[4] = {v[1], eighthTurn<forward>(v[3]), quarterTurn<forward>(v[5]),
                                  eighthTurn<forward>(quarterTurn<forward>(v[7]))};
  const ComplexFloat even[4] = {v[0], v[2], v[4], v[6]};
  SALIENCYMIX_UNROLL
  for (int k = 0; k < 4; k++) {
    v[k] = even[k] + turned[k];
    v[k + 4] = even[k] - turned[k];
  }
}

}  // namespace saliencymix::cuda
