// SPDX-License-Identifier: Apache-2.0
#include "tests/quantization/forms.h"

namespace pipit::test {

std::vector<Without> operators_without_forms() {
  return {
      {"ADD_N ATAN2 AudioSpectrogram BITCAST BITWISE_XOR BROADCAST_ARGS "
       "BUCKETIZE "
       "CALL_ONCE CEIL COMPLEX_ABS CONV_3D CONV_3D_TRANSPOSE COS CUMSUM FAKE_QUANT FLOOR IF IMAG "
       "L2_POOL_2D LOCAL_RESPONSE_NORMALIZATION LOGICAL_AND LOGICAL_NOT LOGICAL_OR LSH_PROJECTION "
       "MULTINOMIAL Mfcc FlexCropAndResize FlexRFFT NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 "
       "POW RANDOM_STANDARD_NORMAL RANDOM_UNIFORM RANGE RANK REAL REDUCE_ALL REDUCE_ANY RFFT2D "
       "RIGHT_SHIFT ROUND SEGMENT_SUM SHAPE SIGN SIN SKIP_GRAM SQRT SQUARE SPARSE_TO_DENSE "
       "STABLEHLO_RNG_BIT_GENERATOR SignalDelay SignalEnergy SignalFftAutoScale SignalFilterBank "
       "SignalFilterBankLog SignalFilterBankSpectralSubtraction SignalFilterBankSquareRoot "
       "SignalFramer SignalIrfft SignalOverlapAdd SignalPCAN SignalRfft SignalStacker SignalWindow "
       "UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_MIN UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_SUM "
       "WHILE ZEROS_LIKE",
       "take no quantized numbers: reals, plain integers and bools only"},
      {"CAST DILATE EMBEDDING_LOOKUP_SPARSE FLOOR_DIV FLOOR_MOD HASHTABLE_LOOKUP MATRIX_DIAG "
       "MATRIX_SET_DIAG NEG ONE_HOT REDUCE_WINDOW SCATTER_ND STABLEHLO_ADD STABLEHLO_AND "
       "STABLEHLO_CASE STABLEHLO_COMPOSITE STABLEHLO_GATHER STABLEHLO_MAXIMUM STABLEHLO_MINIMUM "
       "STABLEHLO_MULTIPLY STABLEHLO_PAD STABLEHLO_REDUCE_WINDOW STABLEHLO_SCATTER "
       "STABLEHLO_SHIFT_LEFT TOPK_V2 UNIQUE WHERE",
       "take small integers as plain numbers and read no quantization, as TensorFlow Lite"},
      {"ASSIGN_VARIABLE HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE READ_VARIABLE "
       "VAR_HANDLE CIRCULAR_BUFFER TFLM_DECODE",
       "keep bytes, whatever they mean"},
      {"BIDIRECTIONAL_SEQUENCE_LSTM BIDIRECTIONAL_SEQUENCE_RNN DENSIFY LSTM "
       "TFLite_Detection_PostProcess PosenetDecoderOp",
       "have one scale for each tensor and refuse several, refuse zero points of int8 weights, and "
       "honour what is left: conformance cases; integer LSTMs are in the table below"},
  };
}

}  // namespace pipit::test
