#!/usr/bin/env node
// FIXME: a marker
import React, { useState as state, memo } from "react";
import * as path from './path.js';
import "./side-effect.css";
export * from "./all";
export * as ns from "./ns";
export { a as b, c } from "../other";
const fs = require("fs");
const { readFile: read, stat } = require('fs/promises');

/**
 * Adds two numbers.
 */
export function add(a, b = 1, ...rest) {
  return a > 0 && b > 0 ? a + b : add(b, a);
}

/** Greets. */
export const greet = async (name) => {
  const text = `hello ${name.trim()}`;
  const widget = new ui.Widget(text), other = helper(text);
  for (const part of text.split(" ")) {
    if (part === "a") {
      continue;
    } else if (part || name && other) {
      console.log(part);
    } else {
      throw new Error("x");
    }
  }
  await import("./late.js");
};

export default class Shape extends base.Figure {
  static count = 0;
  #hidden = new Map();
  handler = (event) => this.draw(event);

  constructor(size) {
    super(size);
    this.size = size;
  }

  /** Draws. */
  static async draw({ x, y }, [z]) {
    outer: while (x) {
      do {
        switch (y) {
          case 1:
            break outer;
          default:
            break;
        }
      } while (z);
    }
  }

  get area() { return this.size ?? 0; }
  #secret() {}
  [Symbol.iterator]() {}
}

function helper(text) {
  try {
    return text.map(function (t) { return t ? 1 : 0; });
  } catch ({ message }) {
    (0, alert)(message);
    (helper)(message);
    table[message]();
  }
}

Shape.prototype.move = function (dx) { this.x += dx; };
const api = {
  list() {},
  find: function* find(id) { yield id; },
  "quoted-name": () => 1,
};
module.exports = { api, Helper: helper };
exports.run = function () {};
const Anonymous = class {};
export { api as default, helper };
let view = <Foo bar={() => add(1)}>text</Foo>;
