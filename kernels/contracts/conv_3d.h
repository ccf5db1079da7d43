// SPDX-License-Identifier: Apache-2.0
// Three-dimensional convolutions, float32.
//
//   conv_3d:            out[z][y][x][o] = clamp(bias[o] + sum over kz, ky, kx, i of
//                                               in[...][i] * weights[kz][ky][kx][i][o])
//   conv_3d_transpose:  every input position adds in[...][i] * weights[kz][ky][kx][o][i] to the
//                       outputs that a convolution of the output would see from there
//
// Taps outside of the image are left out.
#pragma once

#include <cstdint>

namespace pipit {

// One dimension of a window, of the larger image (of a transposed convolution: the output).
struct ConvAxis {
  int32_t in = 1, out = 1;
  int32_t kernel = 1, stride = 1, dilation = 1, pad = 0;
};

struct Conv3d {
  int32_t batch = 1, in_c = 1, out_c = 1;
  ConvAxis z, y, x;
  const float* in = nullptr;       // [batch][z][y][x][in_c]
  const float* weights = nullptr;  // [kz][ky][kx][in_c][out_c]; transposed: [out_c][in_c] last
  const float* bias = nullptr;     // [out_c], or nullptr for zeros
  float* out = nullptr;            // [batch][z][y][x][out_c]
  float min = 0, max = 0;
};

void conv_3d(const Conv3d& a);
void conv_3d_transpose(const Conv3d& a);

}  // namespace pipit
