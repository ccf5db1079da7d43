// SPDX-License-Identifier: Apache-2.0
// Makes layers models with TensorFlow.js, for the converter to read.
//
// usage: node train.js FOLDER
//
// Each model gets a folder of its own: model.json and weights.bin, and the numbers of one batch of inputs
// and of what TensorFlow.js computes from them: input0.f32 ..., output0.f32 ...
'use strict';
const fs = require('fs');
const path = require('path');
const tf = require('@tensorflow/tfjs');

const L = tf.layers;
const input = (...shape) => tf.input({shape});

// Pictures: what classifiers are made of.
function picture() {
  const x = input(17, 20, 3);
  let y = L.rescaling({scale: 1 / 2, offset: -0.25}).apply(x);
  y = L.conv2d({filters: 8, kernelSize: 3, padding: 'same', activation: 'relu'}).apply(y);
  y = L.batchNormalization().apply(y);
  y = L.depthwiseConv2d({kernelSize: 3, depthMultiplier: 2, useBias: false}).apply(y);
  y = L.batchNormalization({scale: false}).apply(y);
  y = L.activation({activation: 'relu6'}).apply(y);
  y = L.separableConv2d({filters: 12, kernelSize: [3, 2], strides: [1, 1], activation: 'tanh'}).apply(y);
  y = L.maxPooling2d({poolSize: 2, padding: 'same'}).apply(y);
  y = L.zeroPadding2d({padding: [[0, 1], [1, 2]]}).apply(y);
  y = L.conv2d({filters: 8, kernelSize: 3, strides: 2, dilationRate: 1, activation: 'swish'}).apply(y);
  y = L.dropout({rate: 0.4}).apply(y);
  y = L.averagePooling2d({poolSize: [2, 1], strides: [1, 1], padding: 'same'}).apply(y);
  y = L.globalAveragePooling2d({}).apply(y);
  y = L.dense({units: 5, activation: 'softmax'}).apply(y);
  return tf.model({inputs: x, outputs: y});
}

// Steps: text and sound. One of its layers is trained before it is saved.
function text() {
  return tf.sequential({layers: [
    L.embedding({inputDim: 12, outputDim: 6, inputLength: 9}),
    L.conv1d({filters: 7, kernelSize: 3, padding: 'same', activation: 'elu'}),
    L.lstm({units: 5, returnSequences: true, recurrentActivation: 'sigmoid'}),
    L.gru({units: 4, returnSequences: true}),
    L.simpleRNN({units: 6, returnSequences: true}),
    L.timeDistributed({layer: L.dense({units: 3, activation: 'relu'})}),
    L.flatten(),
    L.dense({units: 2}),
  ]});
}

// Recurrent layers in the forms that cannot be one operator, and both directions.
function directions() {
  const x = input(6, 4);
  const twice = (layer, mergeMode) => L.bidirectional({layer, mergeMode}).apply(x);
  const y = [
    twice(L.lstm({units: 3, recurrentActivation: 'sigmoid', returnSequences: true}), 'concat'),
    twice(L.gru({units: 3, recurrentActivation: 'sigmoid', returnSequences: true}), 'sum'),
    twice(L.simpleRNN({units: 2, returnSequences: true}), 'ave'),
    L.lstm({units: 3, returnSequences: true, goBackwards: true, unitForgetBias: false}).apply(x),
    L.conv1d({filters: 4, kernelSize: 2, dilationRate: 2}).apply(x),
    twice(L.lstm({units: 3, recurrentActivation: 'sigmoid'}), 'mul'),
  ];
  y.push(L.layerNormalization({}).apply(y[0]));
  y.push(L.globalMaxPooling1d({}).apply(y[1]));
  y.push(L.maxPooling1d({poolSize: 3, strides: 2}).apply(y[0]));
  y.push(L.averagePooling1d({poolSize: 2}).apply(y[2]));
  return tf.model({inputs: x, outputs: y});
}

// Layers with several inputs, one inside of another model that is called twice, and changes of shape.
function shapes() {
  const a = input(6, 5, 2), b = input(6, 5, 2);
  const z = input(6, 5, 2);
  const block = tf.model({inputs: z, outputs: L.leakyReLU({alpha: 0.1}).apply(
      L.batchNormalization().apply(L.conv2d({filters: 2, kernelSize: 3, padding: 'same'}).apply(z)))});
  const p = block.apply(a), q = block.apply(b);
  const y = [
    L.add().apply([p, q, a]), L.multiply().apply([p, b]), L.average().apply([p, q]),
    L.maximum().apply([a, q]), L.minimum().apply([p, a]), L.concatenate({axis: 2}).apply([p, b]),
    L.prelu({sharedAxes: [1, 2]}).apply(p), L.elu().apply(q), L.reLU({maxValue: 4}).apply(a),
    L.softmax({axis: 3}).apply(a), L.permute({dims: [3, 1, 2]}).apply(p),
    L.cropping2D({cropping: [[1, 2], [0, 3]]}).apply(a), L.upSampling2d({size: [2, 3]}).apply(q),
    L.upSampling2d({interpolation: 'bilinear'}).apply(p),
    L.conv2dTranspose({filters: 3, kernelSize: 3, strides: 2, padding: 'same'}).apply(p),
    L.conv2dTranspose({filters: 3, kernelSize: [4, 2], strides: [1, 3], activation: 'relu'}).apply(q),
    L.reshape({targetShape: [10, -1]}).apply(a), L.globalMaxPooling2d({}).apply(b),
    L.dot({axes: 1}).apply([L.flatten().apply(a), L.flatten().apply(b)]),
    L.repeatVector({n: 3}).apply(L.flatten().apply(L.averagePooling2d({poolSize: [3, 2]}).apply(a))),
    L.dense({units: 3, activation: 'sigmoid'}).apply(a), L.gaussianNoise({stddev: 1}).apply(b),
  ];
  return tf.model({inputs: [a, b], outputs: y});
}

function activations() {
  const x = input(40);
  const names = ['elu', 'hardSigmoid', 'linear', 'relu', 'relu6', 'selu', 'sigmoid', 'softmax', 'softplus',
                 'softsign', 'tanh', 'swish', 'mish', 'gelu'];
  const y = names.map((activation) => L.activation({activation}).apply(L.dense({units: 30}).apply(x)));
  return tf.model({inputs: x, outputs: y});
}

// Uninteresting numbers (bias 0, variance 1) would hide what is left out.
function stir(model) {
  for (const layer of model.layers) {
    if (layer.layers) stir(layer);
    layer.setWeights(layer.getWeights().map((w, i) => {
      const name = layer.weights[i].name;
      if (/variance/.test(name)) return tf.randomUniform(w.shape, 0.3, 2, 'float32', 7);
      if (/gamma|beta|mean|bias|alpha/.test(name)) return tf.randomUniform(w.shape, -0.8, 0.8, 'float32', i);
      return w;
    }));
  }
}

async function train(model) {
  model.compile({optimizer: 'adam', loss: 'meanSquaredError'});
  const [x, y] = [tf.randomUniform([32, 9], 0, 12, 'int32', 1), tf.randomNormal([32, 2], 0, 1, 'float32', 2)];
  const before = (await model.evaluate(x, y)).dataSync()[0];
  await model.fit(x, y, {epochs: 5, verbose: 0});
  const after = (await model.evaluate(x, y)).dataSync()[0];
  if (!(after < before)) throw new Error(`training does not help: ${before}, then ${after}`);
}

const bytes = (tensor) => Buffer.from(Float32Array.from(tensor.dataSync()).buffer);

function quantized(saved) {
  const specs = [], parts = [];
  let at = 0;
  for (const spec of saved.weightSpecs) {
    const count = spec.shape.reduce((a, b) => a * b, 1);
    const values = Array.from(new Float32Array(saved.weightData.slice(at, at += 4 * count)));
    const min = Math.min(...values), scale = (Math.max(...values) - min) / 255 || 1;
    const wide = specs.length % 2 === 1;
    const store = wide ? Uint16Array : Uint8Array;
    const step = wide ? scale / 257 : scale;
    parts.push(Buffer.from(store.from(values.map((v) => Math.round((v - min) / step))).buffer));
    specs.push({...spec, quantization: {dtype: wide ? 'uint16' : 'uint8', scale: step, min}});
  }
  const data = Buffer.concat(parts);
  return {...saved, weightSpecs: specs, weightData: data.buffer.slice(data.byteOffset, data.byteOffset + data.length)};
}

async function write(folder, model, change = (saved) => saved) {
  let artifacts;
  await model.save(tf.io.withSaveHandler(async (saved) => {
    artifacts = change(saved);
    return {modelArtifactsInfo: {dateSaved: new Date(), modelTopologyType: 'JSON'}};
  }));
  fs.mkdirSync(folder, {recursive: true});
  const {modelTopology, weightSpecs, weightData} = artifacts;
  const data = Buffer.from(weightData), half = data.length >> 1;
  fs.writeFileSync(path.join(folder, 'shard1.bin'), data.subarray(0, half));
  fs.writeFileSync(path.join(folder, 'shard2.bin'), data.subarray(half));
  fs.writeFileSync(path.join(folder, 'model.json'), JSON.stringify({
    format: 'layers-model', modelTopology,
    weightsManifest: [{paths: ['shard1.bin', 'shard2.bin'], weights: weightSpecs}]}));
  const again = await tf.loadLayersModel(tf.io.fromMemory({modelTopology, weightSpecs, weightData}));
  const whole = /Embedding/.test(JSON.stringify(modelTopology));
  const given = again.inputs.map((each, i) => whole ?
    tf.randomUniform([1, ...each.shape.slice(1)], 0, 12, 'int32', i) :
    tf.randomNormal([1, ...each.shape.slice(1)], 0, 1, 'float32', i));
  const made = [].concat(again.predict(given.length > 1 ? given : given[0]));
  given.forEach((tensor, i) => fs.writeFileSync(path.join(folder, `input${i}.f32`), bytes(tensor)));
  made.forEach((tensor, i) => fs.writeFileSync(path.join(folder, `output${i}.f32`), bytes(tensor)));
  console.log(`${path.basename(folder)}: ${again.layers.length} layers, ${made.length} outputs`);
}

async function main(folder) {
  await tf.setBackend('cpu');
  const models = {picture: picture(), text: text(), directions: directions(), shapes: shapes(),
                  activations: activations()};
  for (const [name, model] of Object.entries(models)) {
    stir(model);
    if (name === 'text') await train(model);
    await write(path.join(folder, name), model);
  }
  await write(path.join(folder, 'quantized'), models.picture, quantized);
}

main(process.argv[2]).catch((error) => {
  console.error(error.stack);
  process.exitCode = 1;
});
