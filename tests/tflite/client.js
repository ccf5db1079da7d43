// SPDX-License-Identifier: Apache-2.0
// The same as client.c by way of the Node binding of tfjs-tflite-node: runs a model over numbers that
// count up, and prints its tensors, a line each.
//
// usage: node client.js BINDING MODEL [DELEGATE]
'use strict';
const fs = require('fs');
const {Interpreter} = require(require('path').resolve(process.argv[2]));

function fill(data, type) {
  for (let i = 0; i < data.length; ++i) {
    if (type === 'float32') {
      data[i] = (i % 17) / 17;
    } else if (type === 'uint8' || type === 'int8') {
      data[i] = i * 7;
    }
  }
}

function print(what, i, tensor) {
  const data = tensor.data();
  console.log(`${what} ${i} '${tensor.name}' ${tensor.dataType} ${data.byteLength} bytes [${tensor.shape}]`);
  return data;
}

// As many digits as C's %.6g.
function text(value) {
  return typeof value === 'number' && !Number.isInteger(value) ? String(Number(value.toPrecision(6))) : String(value);
}

function main() {
  const options = {threads: 2};
  if (process.argv.length > 4) options.delegate = {path: process.argv[4], options: []};
  const file = fs.readFileSync(process.argv[3]);
  let net;
  try {
    net = new Interpreter(file.buffer.slice(file.byteOffset, file.byteOffset + file.length), options);
  } catch (error) {
    console.log('no interpreter');
    return;
  }
  net.getInputs().forEach((tensor, i) => fill(print('input', i, tensor), tensor.dataType));
  try {
    net.infer();
  } catch (error) {
    console.log('invoke 1');
    return;
  }
  console.log('invoke 0');
  net.getOutputs().forEach((tensor, i) => {
    const data = print('output', i, tensor);
    const numbers = tensor.dataType === 'float32' ? [...data].map(text) : [...data];
    console.log(`values ${i} ${numbers.join(' ')}`);
  });
}

main();
