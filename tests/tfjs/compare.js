// SPDX-License-Identifier: Apache-2.0
// Loads an exported model with TensorFlow.js and compares its outputs with Pipit's.
//
// usage: node compare.js TOLERANCE FOLDER INPUT.f32 OUTPUT.f32...
//
// The files hold the numbers of the model's input and outputs. Prints the largest difference.
'use strict';
const fs = require('fs');
const path = require('path');
const tf = require('@tensorflow/tfjs');

const floats = (file) => {
  const bytes = fs.readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

async function load(folder) {
  const json = JSON.parse(fs.readFileSync(path.join(folder, 'model.json')));
  const bytes = fs.readFileSync(path.join(folder, json.weightsManifest[0].paths[0]));
  return tf.loadLayersModel(tf.io.fromMemory({
    modelTopology: json.modelTopology,
    weightSpecs: json.weightsManifest[0].weights,
    weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
  }));
}

function largestDifference(actual, expected) {
  if (actual.length !== expected.length) throw new Error(`${actual.length} numbers, not ${expected.length}`);
  let worst = 0;
  for (let i = 0; i < actual.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]) / Math.max(1, Math.abs(expected[i]));
    if (!(difference <= worst)) worst = difference;  // also when it is no number
  }
  return worst;
}

async function main(tolerance, folder, input, ...outputs) {
  await tf.setBackend('cpu');
  const model = await load(folder);
  const result = [].concat(model.predict(tf.tensor(floats(input), [1, ...model.inputs[0].shape.slice(1)])));
  if (result.length !== outputs.length) throw new Error(`${result.length} outputs, not ${outputs.length}`);
  const worst = Math.max(...outputs.map((file, i) => largestDifference(result[i].dataSync(), floats(file))));
  console.log(`largest difference ${worst.toExponential(1)} (${model.layers.length} layers)`);
  if (!(worst < Number(tolerance))) process.exitCode = 1;
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
