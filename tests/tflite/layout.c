/* SPDX-License-Identifier: Apache-2.0 */
/* Every offset and value of the structs and enums that programs were compiled with, on machines of
   64 and of 32 bits. It is enough that this compiles, as C and as C++. */
#include <stddef.h>

#include "tensorflow/lite/c/c_api_experimental.h"
#include "tensorflow/lite/c/c_api_opaque.h"
#include "tensorflow/lite/c/common.h"
#include "tensorflow/lite/delegates/external/external_delegate.h"
#include "tensorflow/lite/delegates/xnnpack/xnnpack_delegate.h"

#ifdef __cplusplus
#define ASSERT(x) static_assert(x, #x)
#else
#define ASSERT(x) _Static_assert(x, #x)
#endif

// Many a number is the same on both. NOLINTBEGIN(bugprone-branch-clone)
#define BITS(on64, on32) (sizeof(void*) == 8 ? (on64) : (on32))
#define AT(type, member, on64, on32) ASSERT(offsetof(type, member) == BITS(on64, on32))
#define SIZE(type, on64, on32) ASSERT(sizeof(type) == BITS(on64, on32))
#define VALUE(name, number) ASSERT((int)(name) == (number))

AT(TfLiteTensor, type, 0, 0);
AT(TfLiteTensor, data, 8, 4);
AT(TfLiteTensor, dims, 16, 8);
AT(TfLiteTensor, params, 24, 12);
AT(TfLiteTensor, allocation_type, 32, 20);
AT(TfLiteTensor, bytes, 40, 24);
AT(TfLiteTensor, allocation, 48, 28);
AT(TfLiteTensor, name, 56, 32);
AT(TfLiteTensor, delegate, 64, 36);
AT(TfLiteTensor, buffer_handle, 72, 40);
AT(TfLiteTensor, data_is_stale, 76, 44);
AT(TfLiteTensor, is_variable, 77, 45);
AT(TfLiteTensor, quantization, 80, 48);
AT(TfLiteTensor, sparsity, 96, 56);
AT(TfLiteTensor, dims_signature, 104, 60);
SIZE(TfLiteTensor, 112, 64);

AT(TfLiteNode, inputs, 0, 0);
AT(TfLiteNode, outputs, 8, 4);
AT(TfLiteNode, intermediates, 16, 8);
AT(TfLiteNode, temporaries, 24, 12);
AT(TfLiteNode, user_data, 32, 16);
AT(TfLiteNode, builtin_data, 40, 20);
AT(TfLiteNode, custom_initial_data, 48, 24);
AT(TfLiteNode, custom_initial_data_size, 56, 28);
AT(TfLiteNode, delegate, 64, 32);
AT(TfLiteNode, might_have_side_effect, 72, 36);
SIZE(TfLiteNode, 80, 40);

AT(TfLiteContext, tensors_size, 0, 0);
AT(TfLiteContext, GetExecutionPlan, 8, 4);
AT(TfLiteContext, tensors, 16, 8);
AT(TfLiteContext, impl_, 24, 12);
AT(TfLiteContext, ResizeTensor, 32, 16);
AT(TfLiteContext, ReportError, 40, 20);
AT(TfLiteContext, AddTensors, 48, 24);
AT(TfLiteContext, GetNodeAndRegistration, 56, 28);
AT(TfLiteContext, ReplaceNodeSubsetsWithDelegateKernels, 64, 32);
AT(TfLiteContext, recommended_num_threads, 72, 36);
AT(TfLiteContext, GetExternalContext, 80, 40);
AT(TfLiteContext, SetExternalContext, 88, 44);
AT(TfLiteContext, allow_fp32_relax_to_fp16, 96, 48);
AT(TfLiteContext, profiler, 104, 52);
AT(TfLiteContext, AllocatePersistentBuffer, 112, 56);
AT(TfLiteContext, AllocateBufferForEval, 120, 60);
AT(TfLiteContext, RequestScratchBufferInArena, 128, 64);
AT(TfLiteContext, GetScratchBuffer, 136, 68);
AT(TfLiteContext, ResizeTensorExplicit, 144, 72);
AT(TfLiteContext, PreviewDelegatePartitioning, 152, 76);
AT(TfLiteContext, GetTensor, 160, 80);
AT(TfLiteContext, GetEvalTensor, 168, 84);
AT(TfLiteContext, GetModelMetadata, 176, 88);
AT(TfLiteContext, AcquireSubgraphContext, 184, 92);
AT(TfLiteContext, ReleaseSubgraphContext, 192, 96);
SIZE(TfLiteContext, 200, 100);

AT(TfLiteRegistration, init, 0, 0);
AT(TfLiteRegistration, free, 8, 4);
AT(TfLiteRegistration, prepare, 16, 8);
AT(TfLiteRegistration, invoke, 24, 12);
AT(TfLiteRegistration, profiling_string, 32, 16);
AT(TfLiteRegistration, builtin_code, 40, 20);
AT(TfLiteRegistration, custom_name, 48, 24);
AT(TfLiteRegistration, version, 56, 28);
AT(TfLiteRegistration, registration_external, 64, 32);
AT(TfLiteRegistration, async_kernel, 72, 36);
AT(TfLiteRegistration, inplace_operator, 80, 40);
SIZE(TfLiteRegistration, 88, 48);

AT(TfLiteRegistration_V1, init, 0, 0);
AT(TfLiteRegistration_V1, free, 8, 4);
AT(TfLiteRegistration_V1, prepare, 16, 8);
AT(TfLiteRegistration_V1, invoke, 24, 12);
AT(TfLiteRegistration_V1, profiling_string, 32, 16);
AT(TfLiteRegistration_V1, builtin_code, 40, 20);
AT(TfLiteRegistration_V1, custom_name, 48, 24);
AT(TfLiteRegistration_V1, version, 56, 28);
SIZE(TfLiteRegistration_V1, 64, 32);

AT(TfLiteRegistration_V2, init, 0, 0);
AT(TfLiteRegistration_V2, free, 8, 4);
AT(TfLiteRegistration_V2, prepare, 16, 8);
AT(TfLiteRegistration_V2, invoke, 24, 12);
AT(TfLiteRegistration_V2, profiling_string, 32, 16);
AT(TfLiteRegistration_V2, builtin_code, 40, 20);
AT(TfLiteRegistration_V2, custom_name, 48, 24);
AT(TfLiteRegistration_V2, version, 56, 28);
AT(TfLiteRegistration_V2, registration_external, 64, 32);
SIZE(TfLiteRegistration_V2, 72, 36);

AT(TfLiteRegistration_V3, init, 0, 0);
AT(TfLiteRegistration_V3, free, 8, 4);
AT(TfLiteRegistration_V3, prepare, 16, 8);
AT(TfLiteRegistration_V3, invoke, 24, 12);
AT(TfLiteRegistration_V3, profiling_string, 32, 16);
AT(TfLiteRegistration_V3, builtin_code, 40, 20);
AT(TfLiteRegistration_V3, custom_name, 48, 24);
AT(TfLiteRegistration_V3, version, 56, 28);
AT(TfLiteRegistration_V3, registration_external, 64, 32);
AT(TfLiteRegistration_V3, async_kernel, 72, 36);
SIZE(TfLiteRegistration_V3, 80, 40);

AT(TfLiteDelegate, data_, 0, 0);
AT(TfLiteDelegate, Prepare, 8, 4);
AT(TfLiteDelegate, CopyFromBufferHandle, 16, 8);
AT(TfLiteDelegate, CopyToBufferHandle, 24, 12);
AT(TfLiteDelegate, FreeBufferHandle, 32, 16);
AT(TfLiteDelegate, flags, 40, 24);
AT(TfLiteDelegate, opaque_delegate_builder, 48, 32);
SIZE(TfLiteDelegate, 56, 40);

AT(TfLiteOpaqueDelegateBuilder, data, 0, 0);
AT(TfLiteOpaqueDelegateBuilder, Prepare, 8, 4);
AT(TfLiteOpaqueDelegateBuilder, CopyFromBufferHandle, 16, 8);
AT(TfLiteOpaqueDelegateBuilder, CopyToBufferHandle, 24, 12);
AT(TfLiteOpaqueDelegateBuilder, FreeBufferHandle, 32, 16);
AT(TfLiteOpaqueDelegateBuilder, flags, 40, 24);
SIZE(TfLiteOpaqueDelegateBuilder, 48, 32);

AT(TfLiteDelegateParams, delegate, 0, 0);
AT(TfLiteDelegateParams, nodes_to_replace, 8, 4);
AT(TfLiteDelegateParams, input_tensors, 16, 8);
AT(TfLiteDelegateParams, output_tensors, 24, 12);
SIZE(TfLiteDelegateParams, 32, 16);

AT(TfLiteOpaqueDelegateParams, delegate, 0, 0);
AT(TfLiteOpaqueDelegateParams, delegate_data, 8, 4);
AT(TfLiteOpaqueDelegateParams, nodes_to_replace, 16, 8);
AT(TfLiteOpaqueDelegateParams, input_tensors, 24, 12);
AT(TfLiteOpaqueDelegateParams, output_tensors, 32, 16);
SIZE(TfLiteOpaqueDelegateParams, 40, 20);

AT(TfLiteAffineQuantization, scale, 0, 0);
AT(TfLiteAffineQuantization, zero_point, 8, 4);
AT(TfLiteAffineQuantization, quantized_dimension, 16, 8);
SIZE(TfLiteAffineQuantization, 24, 12);

AT(TfLiteBlockwiseQuantization, scale, 0, 0);
AT(TfLiteBlockwiseQuantization, zero_point, 4, 4);
AT(TfLiteBlockwiseQuantization, blocksize, 8, 8);
AT(TfLiteBlockwiseQuantization, quantized_dimension, 12, 12);
SIZE(TfLiteBlockwiseQuantization, 16, 16);

AT(TfLiteQuantization, type, 0, 0);
AT(TfLiteQuantization, params, 8, 4);
SIZE(TfLiteQuantization, 16, 8);

AT(TfLiteQuantizationParams, scale, 0, 0);
AT(TfLiteQuantizationParams, zero_point, 4, 4);
SIZE(TfLiteQuantizationParams, 8, 8);

AT(TfLiteDimensionMetadata, format, 0, 0);
AT(TfLiteDimensionMetadata, dense_size, 4, 4);
AT(TfLiteDimensionMetadata, array_segments, 8, 8);
AT(TfLiteDimensionMetadata, array_indices, 16, 12);
SIZE(TfLiteDimensionMetadata, 24, 16);

AT(TfLiteSparsity, traversal_order, 0, 0);
AT(TfLiteSparsity, block_map, 8, 4);
AT(TfLiteSparsity, dim_metadata, 16, 8);
AT(TfLiteSparsity, dim_metadata_size, 24, 12);
SIZE(TfLiteSparsity, 32, 16);

AT(TfLiteCustomAllocation, data, 0, 0);
AT(TfLiteCustomAllocation, bytes, 8, 4);
SIZE(TfLiteCustomAllocation, 16, 8);

AT(TfLiteEvalTensor, data, 0, 0);
AT(TfLiteEvalTensor, dims, 8, 4);
AT(TfLiteEvalTensor, type, 16, 8);
SIZE(TfLiteEvalTensor, 24, 12);

AT(TfLiteExternalContext, type, 0, 0);
AT(TfLiteExternalContext, Refresh, 8, 4);
SIZE(TfLiteExternalContext, 16, 8);

AT(TfLiteExternalDelegateOptions, lib_path, 0, 0);
AT(TfLiteExternalDelegateOptions, count, 8, 4);
AT(TfLiteExternalDelegateOptions, keys, 16, 8);
AT(TfLiteExternalDelegateOptions, values, 2064, 1032);
AT(TfLiteExternalDelegateOptions, insert, 4112, 2056);
SIZE(TfLiteExternalDelegateOptions, 4120, 2060);

AT(TfLiteXNNPackDelegateOptions, num_threads, 0, 0);
AT(TfLiteXNNPackDelegateOptions, flags, 4, 4);
AT(TfLiteXNNPackDelegateOptions, weights_cache, 8, 8);
AT(TfLiteXNNPackDelegateOptions, handle_variable_ops, 16, 12);
SIZE(TfLiteXNNPackDelegateOptions, 24, 16);

AT(TfLiteIntArray, data, 4, 4);
AT(TfLiteFloatArray, data, 4, 4);
SIZE(TfLitePtrUnion, 8, 4);

VALUE(kTfLiteOk, 0);
VALUE(kTfLiteError, 1);
VALUE(kTfLiteDelegateError, 2);
VALUE(kTfLiteApplicationError, 3);
VALUE(kTfLiteDelegateDataNotFound, 4);
VALUE(kTfLiteDelegateDataWriteError, 5);
VALUE(kTfLiteDelegateDataReadError, 6);
VALUE(kTfLiteUnresolvedOps, 7);
VALUE(kTfLiteCancelled, 8);
VALUE(kTfLiteOutputShapeNotKnown, 9);

VALUE(kTfLiteNoType, 0);
VALUE(kTfLiteFloat32, 1);
VALUE(kTfLiteInt32, 2);
VALUE(kTfLiteUInt8, 3);
VALUE(kTfLiteInt64, 4);
VALUE(kTfLiteString, 5);
VALUE(kTfLiteBool, 6);
VALUE(kTfLiteInt16, 7);
VALUE(kTfLiteComplex64, 8);
VALUE(kTfLiteInt8, 9);
VALUE(kTfLiteFloat16, 10);
VALUE(kTfLiteFloat64, 11);
VALUE(kTfLiteComplex128, 12);
VALUE(kTfLiteUInt64, 13);
VALUE(kTfLiteResource, 14);
VALUE(kTfLiteVariant, 15);
VALUE(kTfLiteUInt32, 16);
VALUE(kTfLiteUInt16, 17);
VALUE(kTfLiteInt4, 18);
VALUE(kTfLiteBFloat16, 19);
VALUE(kTfLiteInt2, 20);
VALUE(kTfLiteUInt4, 21);
VALUE(kTfLiteFloat8E4M3FN, 22);
VALUE(kTfLiteFloat8E5M2, 23);

VALUE(kTfLiteMemNone, 0);
VALUE(kTfLiteMmapRo, 1);
VALUE(kTfLiteArenaRw, 2);
VALUE(kTfLiteArenaRwPersistent, 3);
VALUE(kTfLiteDynamic, 4);
VALUE(kTfLitePersistentRo, 5);
VALUE(kTfLiteCustom, 6);
VALUE(kTfLiteVariantObject, 7);

VALUE(kTfLiteNoQuantization, 0);
VALUE(kTfLiteAffineQuantization, 1);
VALUE(kTfLiteBlockwiseQuantization, 2);
VALUE(kTfLiteDimDense, 0);
VALUE(kTfLiteDimSparseCSR, 1);

VALUE(kTfLiteAllocationStrategyUnknown, 0);
VALUE(kTfLiteAllocationStrategyNone, 1);
VALUE(kTfLiteAllocationStrategyMMap, 2);
VALUE(kTfLiteAllocationStrategyArena, 3);
VALUE(kTfLiteAllocationStrategyMalloc, 4);
VALUE(kTfLiteAllocationStrategyNew, 5);

VALUE(kTfLiteRunStabilityUnknown, 0);
VALUE(kTfLiteRunStabilityUnstable, 1);
VALUE(kTfLiteRunStabilitySingleRun, 2);
VALUE(kTfLiteRunStabilityAcrossRuns, 3);

VALUE(kTfLiteRunStepUnknown, 0);
VALUE(kTfLiteRunStepInit, 1);
VALUE(kTfLiteRunStepPrepare, 2);
VALUE(kTfLiteRunStepEval, 3);

VALUE(kTfLiteNullBufferHandle, -1);
VALUE(kTfLiteOptionalTensor, -1);
VALUE(kTfLiteCustomAllocationFlagsNone, 0);
VALUE(kTfLiteCustomAllocationFlagsSkipAlignCheck, 1);

VALUE(kTfLiteDelegateFlagsNone, 0);
VALUE(kTfLiteDelegateFlagsAllowDynamicTensors, 1);
VALUE(kTfLiteDelegateFlagsRequirePropagatedShapes, 2);
VALUE(kTfLiteDelegateFlagsPerOperatorProfiling, 4);

VALUE(kTfLiteInplaceOpNone, 0);
VALUE(kTfLiteInplaceOpDataUnmodified, 1);
VALUE(kTfLiteInplaceInputCanBeSharedWithCorrespondingOutput, 2);
VALUE(kTfLiteInplaceOpInput0Shared, 4);
VALUE(kTfLiteInplaceOpInput1Shared, 8);
VALUE(kTfLiteInplaceOpInput2Shared, 16);

VALUE(kTfLiteEigenContext, 0);
VALUE(kTfLiteGemmLowpContext, 1);
VALUE(kTfLiteEdgeTpuContext, 2);
VALUE(kTfLiteCpuBackendContext, 3);
VALUE(kTfLiteMaxExternalContexts, 4);

VALUE(kTfLiteBuiltinAdd, 0);
VALUE(kTfLiteBuiltinAveragePool2d, 1);
VALUE(kTfLiteBuiltinConcatenation, 2);
VALUE(kTfLiteBuiltinConv2d, 3);
VALUE(kTfLiteBuiltinDepthwiseConv2d, 4);
VALUE(kTfLiteBuiltinDepthToSpace, 5);
VALUE(kTfLiteBuiltinDequantize, 6);
VALUE(kTfLiteBuiltinEmbeddingLookup, 7);
VALUE(kTfLiteBuiltinFloor, 8);
VALUE(kTfLiteBuiltinFullyConnected, 9);
VALUE(kTfLiteBuiltinHashtableLookup, 10);
VALUE(kTfLiteBuiltinL2Normalization, 11);
VALUE(kTfLiteBuiltinL2Pool2d, 12);
VALUE(kTfLiteBuiltinLocalResponseNormalization, 13);
VALUE(kTfLiteBuiltinLogistic, 14);
VALUE(kTfLiteBuiltinLshProjection, 15);
VALUE(kTfLiteBuiltinLstm, 16);
VALUE(kTfLiteBuiltinMaxPool2d, 17);
VALUE(kTfLiteBuiltinMul, 18);
VALUE(kTfLiteBuiltinRelu, 19);
VALUE(kTfLiteBuiltinReluN1To1, 20);
VALUE(kTfLiteBuiltinRelu6, 21);
VALUE(kTfLiteBuiltinReshape, 22);
VALUE(kTfLiteBuiltinResizeBilinear, 23);
VALUE(kTfLiteBuiltinRnn, 24);
VALUE(kTfLiteBuiltinSoftmax, 25);
VALUE(kTfLiteBuiltinSpaceToDepth, 26);
VALUE(kTfLiteBuiltinSvdf, 27);
VALUE(kTfLiteBuiltinTanh, 28);
VALUE(kTfLiteBuiltinConcatEmbeddings, 29);
VALUE(kTfLiteBuiltinSkipGram, 30);
VALUE(kTfLiteBuiltinCall, 31);
VALUE(kTfLiteBuiltinCustom, 32);
VALUE(kTfLiteBuiltinEmbeddingLookupSparse, 33);
VALUE(kTfLiteBuiltinPad, 34);
VALUE(kTfLiteBuiltinUnidirectionalSequenceRnn, 35);
VALUE(kTfLiteBuiltinGather, 36);
VALUE(kTfLiteBuiltinBatchToSpaceNd, 37);
VALUE(kTfLiteBuiltinSpaceToBatchNd, 38);
VALUE(kTfLiteBuiltinTranspose, 39);
VALUE(kTfLiteBuiltinMean, 40);
VALUE(kTfLiteBuiltinSub, 41);
VALUE(kTfLiteBuiltinDiv, 42);
VALUE(kTfLiteBuiltinSqueeze, 43);
VALUE(kTfLiteBuiltinUnidirectionalSequenceLstm, 44);
VALUE(kTfLiteBuiltinStridedSlice, 45);
VALUE(kTfLiteBuiltinBidirectionalSequenceRnn, 46);
VALUE(kTfLiteBuiltinExp, 47);
VALUE(kTfLiteBuiltinTopkV2, 48);
VALUE(kTfLiteBuiltinSplit, 49);
VALUE(kTfLiteBuiltinLogSoftmax, 50);
VALUE(kTfLiteBuiltinDelegate, 51);
VALUE(kTfLiteBuiltinBidirectionalSequenceLstm, 52);
VALUE(kTfLiteBuiltinCast, 53);
VALUE(kTfLiteBuiltinPrelu, 54);
VALUE(kTfLiteBuiltinMaximum, 55);
VALUE(kTfLiteBuiltinArgMax, 56);
VALUE(kTfLiteBuiltinMinimum, 57);
VALUE(kTfLiteBuiltinLess, 58);
VALUE(kTfLiteBuiltinNeg, 59);
VALUE(kTfLiteBuiltinPadv2, 60);
VALUE(kTfLiteBuiltinGreater, 61);
VALUE(kTfLiteBuiltinGreaterEqual, 62);
VALUE(kTfLiteBuiltinLessEqual, 63);
VALUE(kTfLiteBuiltinSelect, 64);
VALUE(kTfLiteBuiltinSlice, 65);
VALUE(kTfLiteBuiltinSin, 66);
VALUE(kTfLiteBuiltinTransposeConv, 67);
VALUE(kTfLiteBuiltinSparseToDense, 68);
VALUE(kTfLiteBuiltinTile, 69);
VALUE(kTfLiteBuiltinExpandDims, 70);
VALUE(kTfLiteBuiltinEqual, 71);
VALUE(kTfLiteBuiltinNotEqual, 72);
VALUE(kTfLiteBuiltinLog, 73);
VALUE(kTfLiteBuiltinSum, 74);
VALUE(kTfLiteBuiltinSqrt, 75);
VALUE(kTfLiteBuiltinRsqrt, 76);
VALUE(kTfLiteBuiltinShape, 77);
VALUE(kTfLiteBuiltinPow, 78);
VALUE(kTfLiteBuiltinArgMin, 79);
VALUE(kTfLiteBuiltinFakeQuant, 80);
VALUE(kTfLiteBuiltinReduceProd, 81);
VALUE(kTfLiteBuiltinReduceMax, 82);
VALUE(kTfLiteBuiltinPack, 83);
VALUE(kTfLiteBuiltinLogicalOr, 84);
VALUE(kTfLiteBuiltinOneHot, 85);
VALUE(kTfLiteBuiltinLogicalAnd, 86);
VALUE(kTfLiteBuiltinLogicalNot, 87);
VALUE(kTfLiteBuiltinUnpack, 88);
VALUE(kTfLiteBuiltinReduceMin, 89);
VALUE(kTfLiteBuiltinFloorDiv, 90);
VALUE(kTfLiteBuiltinReduceAny, 91);
VALUE(kTfLiteBuiltinSquare, 92);
VALUE(kTfLiteBuiltinZerosLike, 93);
VALUE(kTfLiteBuiltinFill, 94);
VALUE(kTfLiteBuiltinFloorMod, 95);
VALUE(kTfLiteBuiltinRange, 96);
VALUE(kTfLiteBuiltinResizeNearestNeighbor, 97);
VALUE(kTfLiteBuiltinLeakyRelu, 98);
VALUE(kTfLiteBuiltinSquaredDifference, 99);
VALUE(kTfLiteBuiltinMirrorPad, 100);
VALUE(kTfLiteBuiltinAbs, 101);
VALUE(kTfLiteBuiltinSplitV, 102);
VALUE(kTfLiteBuiltinUnique, 103);
VALUE(kTfLiteBuiltinCeil, 104);
VALUE(kTfLiteBuiltinReverseV2, 105);
VALUE(kTfLiteBuiltinAddN, 106);
VALUE(kTfLiteBuiltinGatherNd, 107);
VALUE(kTfLiteBuiltinCos, 108);
VALUE(kTfLiteBuiltinWhere, 109);
VALUE(kTfLiteBuiltinRank, 110);
VALUE(kTfLiteBuiltinElu, 111);
VALUE(kTfLiteBuiltinReverseSequence, 112);
VALUE(kTfLiteBuiltinMatrixDiag, 113);
VALUE(kTfLiteBuiltinQuantize, 114);
VALUE(kTfLiteBuiltinMatrixSetDiag, 115);
VALUE(kTfLiteBuiltinRound, 116);
VALUE(kTfLiteBuiltinHardSwish, 117);
VALUE(kTfLiteBuiltinIf, 118);
VALUE(kTfLiteBuiltinWhile, 119);
VALUE(kTfLiteBuiltinNonMaxSuppressionV4, 120);
VALUE(kTfLiteBuiltinNonMaxSuppressionV5, 121);
VALUE(kTfLiteBuiltinScatterNd, 122);
VALUE(kTfLiteBuiltinSelectV2, 123);
VALUE(kTfLiteBuiltinDensify, 124);
VALUE(kTfLiteBuiltinSegmentSum, 125);
VALUE(kTfLiteBuiltinBatchMatmul, 126);
VALUE(kTfLiteBuiltinPlaceholderForGreaterOpCodes, 127);
VALUE(kTfLiteBuiltinCumsum, 128);
VALUE(kTfLiteBuiltinCallOnce, 129);
VALUE(kTfLiteBuiltinBroadcastTo, 130);
VALUE(kTfLiteBuiltinRfft2d, 131);
VALUE(kTfLiteBuiltinConv3d, 132);
VALUE(kTfLiteBuiltinImag, 133);
VALUE(kTfLiteBuiltinReal, 134);
VALUE(kTfLiteBuiltinComplexAbs, 135);
VALUE(kTfLiteBuiltinHashtable, 136);
VALUE(kTfLiteBuiltinHashtableFind, 137);
VALUE(kTfLiteBuiltinHashtableImport, 138);
VALUE(kTfLiteBuiltinHashtableSize, 139);
VALUE(kTfLiteBuiltinReduceAll, 140);
VALUE(kTfLiteBuiltinConv3dTranspose, 141);
VALUE(kTfLiteBuiltinVarHandle, 142);
VALUE(kTfLiteBuiltinReadVariable, 143);
VALUE(kTfLiteBuiltinAssignVariable, 144);
VALUE(kTfLiteBuiltinBroadcastArgs, 145);
VALUE(kTfLiteBuiltinRandomStandardNormal, 146);
VALUE(kTfLiteBuiltinBucketize, 147);
VALUE(kTfLiteBuiltinRandomUniform, 148);
VALUE(kTfLiteBuiltinMultinomial, 149);
VALUE(kTfLiteBuiltinGelu, 150);
VALUE(kTfLiteBuiltinDynamicUpdateSlice, 151);
VALUE(kTfLiteBuiltinRelu0To1, 152);
VALUE(kTfLiteBuiltinUnsortedSegmentProd, 153);
VALUE(kTfLiteBuiltinUnsortedSegmentMax, 154);
VALUE(kTfLiteBuiltinUnsortedSegmentSum, 155);
VALUE(kTfLiteBuiltinAtan2, 156);
VALUE(kTfLiteBuiltinUnsortedSegmentMin, 157);
VALUE(kTfLiteBuiltinSign, 158);
VALUE(kTfLiteBuiltinBitcast, 159);
VALUE(kTfLiteBuiltinBitwiseXor, 160);
VALUE(kTfLiteBuiltinRightShift, 161);
VALUE(kTfLiteBuiltinStablehloLogistic, 162);
VALUE(kTfLiteBuiltinStablehloAdd, 163);
VALUE(kTfLiteBuiltinStablehloDivide, 164);
VALUE(kTfLiteBuiltinStablehloMultiply, 165);
VALUE(kTfLiteBuiltinStablehloMaximum, 166);
VALUE(kTfLiteBuiltinStablehloReshape, 167);
VALUE(kTfLiteBuiltinStablehloClamp, 168);
VALUE(kTfLiteBuiltinStablehloConcatenate, 169);
VALUE(kTfLiteBuiltinStablehloBroadcastInDim, 170);
VALUE(kTfLiteBuiltinStablehloConvolution, 171);
VALUE(kTfLiteBuiltinStablehloSlice, 172);
VALUE(kTfLiteBuiltinStablehloCustomCall, 173);
VALUE(kTfLiteBuiltinStablehloReduce, 174);
VALUE(kTfLiteBuiltinStablehloAbs, 175);
VALUE(kTfLiteBuiltinStablehloAnd, 176);
VALUE(kTfLiteBuiltinStablehloCosine, 177);
VALUE(kTfLiteBuiltinStablehloExponential, 178);
VALUE(kTfLiteBuiltinStablehloFloor, 179);
VALUE(kTfLiteBuiltinStablehloLog, 180);
VALUE(kTfLiteBuiltinStablehloMinimum, 181);
VALUE(kTfLiteBuiltinStablehloNegate, 182);
VALUE(kTfLiteBuiltinStablehloOr, 183);
VALUE(kTfLiteBuiltinStablehloPower, 184);
VALUE(kTfLiteBuiltinStablehloRemainder, 185);
VALUE(kTfLiteBuiltinStablehloRsqrt, 186);
VALUE(kTfLiteBuiltinStablehloSelect, 187);
VALUE(kTfLiteBuiltinStablehloSubtract, 188);
VALUE(kTfLiteBuiltinStablehloTanh, 189);
VALUE(kTfLiteBuiltinStablehloScatter, 190);
VALUE(kTfLiteBuiltinStablehloCompare, 191);
VALUE(kTfLiteBuiltinStablehloConvert, 192);
VALUE(kTfLiteBuiltinStablehloDynamicSlice, 193);
VALUE(kTfLiteBuiltinStablehloDynamicUpdateSlice, 194);
VALUE(kTfLiteBuiltinStablehloPad, 195);
VALUE(kTfLiteBuiltinStablehloIota, 196);
VALUE(kTfLiteBuiltinStablehloDotGeneral, 197);
VALUE(kTfLiteBuiltinStablehloReduceWindow, 198);
VALUE(kTfLiteBuiltinStablehloSort, 199);
VALUE(kTfLiteBuiltinStablehloWhile, 200);
VALUE(kTfLiteBuiltinStablehloGather, 201);
VALUE(kTfLiteBuiltinStablehloTranspose, 202);
VALUE(kTfLiteBuiltinDilate, 203);
VALUE(kTfLiteBuiltinStablehloRngBitGenerator, 204);
VALUE(kTfLiteBuiltinReduceWindow, 205);
VALUE(kTfLiteBuiltinStablehloComposite, 206);
VALUE(kTfLiteBuiltinStablehloShiftLeft, 207);
VALUE(kTfLiteBuiltinStablehloCbrt, 208);
VALUE(kTfLiteBuiltinStablehloCase, 209);
// NOLINTEND(bugprone-branch-clone)
