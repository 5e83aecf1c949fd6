/**
 * Water over time as a MapLibre custom layer: one R16F texture array with a layer a frame.
 *
 * The fragment shader mixes the two frames around the current time, blends neighboring cells of
 * the model only, colors the depth by the ramp and hatches everything outside the model, so that
 * "not computed" never looks like "dry". On terrain, MapLibre calls `renderToTerrainTile`.
 */
import type { CustomLayerInterface, CustomRenderMethodInput, CustomTerrainRenderInput } from 'maplibre-gl';
import { worldPosition } from '../geo.ts';
import { DEPTH_STOPS, rgb } from '../ramp.ts';
import type { Bounds } from '../types.ts';
import { framesAt } from '../times.ts';
import type { DepthFrames } from './frames.ts';
import { FRAGMENT, VERTEX } from './flood-shader.ts';

/** How far the hatching reaches beyond the model, in widths of the model. */
const REACH = 60;

export class FloodLayer implements CustomLayerInterface {
  readonly id = 'twin-flood';
  readonly type = 'custom';
  readonly renderingMode = '2d';
  terrainTileRevision = 0;

  #time = 0;
  #water = true;
  #opacity = 1;
  #dark = false;
  #program: WebGLProgram | null = null;
  #vertices: WebGLVertexArrayObject | null = null;
  #corners: WebGLBuffer | null = null;
  #texture: WebGLTexture | null = null;
  /** Which frame each texture layer holds: every one, unless the GPU offers fewer layers. */
  #kept: number[] = [];
  readonly #uniforms = new Map<string, WebGLUniformLocation | null>();
  readonly #world: Bounds;

  constructor(
    readonly frames: DepthFrames | null,
    bounds_3857: Bounds,
  ) {
    const [west, north] = worldPosition(bounds_3857[0], bounds_3857[3]);
    const [east, south] = worldPosition(bounds_3857[2], bounds_3857[1]);
    this.#world = [west, north, east, south];
  }

  /** Changes what is drawn; the caller asks the map to repaint. */
  show(wish: { time: number; water: boolean; opacity: number; dark: boolean }): void {
    this.#time = wish.time;
    this.#water = wish.water;
    this.#opacity = wish.opacity;
    this.#dark = wish.dark;
    this.terrainTileRevision++;
  }

  onAdd(_map: unknown, gl: WebGL2RenderingContext): void {
    this.#uniforms.clear();
    this.#program = link(gl, VERTEX, FRAGMENT);
    this.#texture = null;
    this.#vertices = null;
  }

  onRemove(_map: unknown, gl: WebGL2RenderingContext): void {
    gl.deleteProgram(this.#program);
    gl.deleteTexture(this.#texture);
    gl.deleteVertexArray(this.#vertices);
    gl.deleteBuffer(this.#corners);
    this.#program = this.#texture = this.#vertices = this.#corners = null;
  }

  render(gl: WebGL2RenderingContext, input: CustomRenderMethodInput): void {
    const world = input.defaultProjectionData.mainMatrix as ArrayLike<number>;
    const [west, north, east, south] = this.#world;
    this.#draw(gl, placed(world, west, north, east - west, south - north));
  }

  renderToTerrainTile(gl: WebGL2RenderingContext, { tileID }: CustomTerrainRenderInput): void {
    const { x, y, z } = tileID.canonical;
    const scale = 2 ** z;
    const [west, north, east, south] = this.#world;
    // clip space has (-1, -1) at the tile's south-west corner, the world square's y runs south
    const matrix = new Float32Array(16);
    matrix[0] = 2 * scale * (east - west);
    matrix[5] = -2 * scale * (south - north);
    matrix[10] = matrix[15] = 1;
    matrix[12] = 2 * (west * scale - x) - 1;
    matrix[13] = 1 - 2 * (north * scale - y);
    this.#draw(gl, matrix);
  }

  #at(gl: WebGL2RenderingContext, name: string): WebGLUniformLocation | null {
    const known = this.#uniforms.get(name);
    if (known !== undefined) return known;
    const location = gl.getUniformLocation(this.#program!, name);
    this.#uniforms.set(name, location);
    return location;
  }

  #draw(gl: WebGL2RenderingContext, matrix: Float32Array): void {
    if (!this.#program) return;
    this.#prepare(gl);
    const times = this.#kept.map((frame) => this.frames!.info.times_s[frame]!);
    const [from, to, share] = framesAt(times, this.#time);
    gl.useProgram(this.#program);
    gl.bindVertexArray(this.#vertices);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.#texture);
    gl.uniform1i(this.#at(gl, 'u_frames'), 0);
    gl.uniformMatrix4fv(this.#at(gl, 'u_matrix'), false, matrix);
    gl.uniform2f(
      this.#at(gl, 'u_size'),
      this.frames?.info.width ?? 1,
      this.frames?.info.height ?? 1,
    );
    gl.uniform3f(this.#at(gl, 'u_moment'), from, to, share);
    gl.uniform1f(this.#at(gl, 'u_water'), this.#water && this.frames ? this.#opacity : 0);
    gl.uniform1f(this.#at(gl, 'u_pixel'), globalThis.devicePixelRatio || 1);
    const ink = this.#dark ? 0.75 : 0.25;
    gl.uniform4f(this.#at(gl, 'u_hatch'), ink, ink, ink, 0.26);
    gl.uniform1fv(this.#at(gl, 'u_depths'), DEPTH_STOPS.map((stop) => stop.depth));
    gl.uniform4fv(
      this.#at(gl, 'u_colors'),
      DEPTH_STOPS.flatMap((stop) => [...rgb(stop.color), stop.alpha]),
    );
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    gl.bindVertexArray(null);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, null);
  }

  /** Makes vertices and texture at the first draw, when MapLibre expects changed GL state. */
  #prepare(gl: WebGL2RenderingContext): void {
    if (this.#vertices) return;
    this.#vertices = gl.createVertexArray();
    this.#corners = gl.createBuffer();
    gl.bindVertexArray(this.#vertices);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#corners);
    const [a, b] = [-REACH, REACH + 1];
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([a, a, b, a, a, b, b, b]), gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    gl.bindVertexArray(null);
    this.#upload(gl);
  }

  #upload(gl: WebGL2RenderingContext): void {
    const count = this.frames?.info.times_s.length ?? 0;
    const limit = gl.getParameter(gl.MAX_ARRAY_TEXTURE_LAYERS) as number;
    const stride = Math.max(1, Math.ceil(count / limit));
    this.#kept = Array.from({ length: count }, (_, i) => i).filter(
      (i) => i % stride === 0 || i === count - 1,
    );
    const [width, height] = [this.frames?.info.width ?? 1, this.frames?.info.height ?? 1];
    const layers = Math.max(this.#kept.length, 1);
    const settings = [
      gl.UNPACK_FLIP_Y_WEBGL,
      gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL,
      gl.UNPACK_ALIGNMENT,
    ].map((name) => [name, gl.getParameter(name)] as const);
    gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 2);
    this.#texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.#texture);
    gl.texStorage3D(gl.TEXTURE_2D_ARRAY, 1, gl.R16F, width, height, layers);
    for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
      gl.texParameteri(gl.TEXTURE_2D_ARRAY, filter, gl.NEAREST);
    }
    this.#kept.forEach((frame, layer) => {
      const cells = width * height;
      const words = this.frames!.words.subarray(frame * cells, (frame + 1) * cells);
      gl.texSubImage3D(
        gl.TEXTURE_2D_ARRAY, 0, 0, 0, layer, width, height, 1, gl.RED, gl.HALF_FLOAT, words,
      );
    });
    for (const [name, value] of settings) gl.pixelStorei(name, value);
  }
}

/** Matrix that takes the model's 0..1 square to clip space; multiplied in double precision. */
function placed(m: ArrayLike<number>, x: number, y: number, width: number, height: number) {
  const out = new Float32Array(16);
  for (let i = 0; i < 4; i++) {
    out[i] = m[i]! * width;
    out[4 + i] = m[4 + i]! * height;
    out[8 + i] = m[8 + i]!;
    out[12 + i] = m[i]! * x + m[4 + i]! * y + m[12 + i]!;
  }
  return out;
}

function link(gl: WebGL2RenderingContext, vertex: string, fragment: string): WebGLProgram {
  const program = gl.createProgram()!;
  for (const [type, source] of [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ] as const) {
    const shader = gl.createShader(type)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.bindAttribLocation(program, 0, 'a_place');
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    const log = gl.getAttachedShaders(program)?.map((s) => gl.getShaderInfoLog(s)).join(' ');
    throw new Error(`flood shader: ${gl.getProgramInfoLog(program)} ${log}`);
  }
  return program;
}
