/// <reference types="node" />
import type { A } from "./types";
import { type B, C as D } from "./mod";
import legacy = require("legacy");
export type { E } from "./types";

/* a block */
export interface Shape<T> extends Base<T>, other.Thing {
  /** The name. */
  readonly name: string;
  size?: number;
  area(scale: number): number;
  new (x: number): Shape<T>;
  on: (event: Event) => void; // not nested
  deep: { inner: string };
}

export enum Color { Red, Green = "g", 'Blue-ish' = 3 }
declare enum Level { Low }

export type Pair<T> = { left: T; right: () => void; swap(): Pair<T> };
type Id = string | number;

@Component({ selector: "app" })
export class Circle<T> extends Figure<T> implements Shape<T>, Named {
  static readonly PI: number = 3.14;
  @Input() protected radius!: number;
  private cache = new Map<string, number>();

  constructor(private readonly id: Id, public label = "x", plain?: string) {
    super();
  }

  @HostListener("click", ["$event"])
  async onClick<K extends keyof T>(this: Window, event: K, ...rest: string[]): Promise<void> {
    const found: Shape<T> = <Shape<T>>lookup(event)!;
    const made = new Circle(1);
    if (found?.name && made) {
      found.area!(1);
    }
  }

  overloaded(a: string): void;
  overloaded(a: number): void;
  overloaded(a: any): void {}

  get area(): number { return 1; }
  protected abstract hidden(): void;
  private handle = async (): Promise<void> => {};
}

export abstract class Base2 {
  abstract run(): Promise<string>;
}

function isString(value: unknown): value is string;
function isString(value: any) { return typeof value === "string"; }

declare function external(a: number): string;
export declare function shared(a: string, b?: number): void;
export function many(a: string): void;
// One more.
export function many(a: number): void;
export function many(a: any): void { many(a); }
declare class Ambient { method(): void; }

namespace Geo.Flat {
  export function area(): number { return 1; }
  namespace Inner { class Hidden {} }
}

declare module "plugin" {
  export function load(name: string): void;
}

export const parse = ((text: string) => JSON.parse(text)) as Parser;
export = Circle;
