/** GLSL of the flood layer. Places run 0..1 over the model, y to the south like the frames' rows. */

export const VERTEX = `#version 300 es
uniform mat4 u_matrix;
in vec2 a_place;
out vec2 v_place;
void main() {
  v_place = a_place;
  gl_Position = u_matrix * vec4(a_place, 0.0, 1.0);
}`;

export const FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2DArray;
uniform sampler2DArray u_frames;
uniform vec2 u_size;
uniform vec3 u_moment; // frame before, frame after, share of the one after
uniform float u_water; // opacity of the water, 0 where only the hatching is wanted
uniform float u_pixel;
uniform vec4 u_hatch;
uniform float u_depths[6];
uniform vec4 u_colors[6];
in vec2 v_place;
out vec4 color;

// depth [m] of a cell at this moment; below 0 outside the model
float cell(ivec2 at) {
  ivec2 inside = clamp(at, ivec2(0), ivec2(u_size) - 1);
  float before = texelFetch(u_frames, ivec3(inside, int(u_moment.x)), 0).r;
  float after = texelFetch(u_frames, ivec3(inside, int(u_moment.y)), 0).r;
  return min(before, after) < -0.5 ? -1.0 : mix(before, after, u_moment.z);
}

// mean of the four nearest cells, weighted by nearness; cells outside the model do not count
float depth_at(vec2 place) {
  vec2 p = place * u_size - 0.5;
  ivec2 corner = ivec2(floor(p));
  vec2 f = p - floor(p);
  float sum = 0.0;
  float weights = 0.0;
  for (int i = 0; i < 4; i++) {
    ivec2 step = ivec2(i & 1, i >> 1);
    float h = cell(corner + step);
    float w = (step.x == 1 ? f.x : 1.0 - f.x) * (step.y == 1 ? f.y : 1.0 - f.y);
    if (h >= 0.0) { sum += h * w; weights += w; }
  }
  return weights > 0.0 ? sum / weights : 0.0;
}

vec4 ramp(float h) {
  vec4 c = u_colors[0];
  for (int i = 1; i < 6; i++) {
    c = mix(c, u_colors[i], clamp((h - u_depths[i - 1]) / (u_depths[i] - u_depths[i - 1]), 0.0, 1.0));
  }
  return c;
}

void main() {
  bool on_grid = all(greaterThanEqual(v_place, vec2(0.0))) && all(lessThan(v_place, vec2(1.0)));
  float h = depth_at(clamp(v_place, 0.0, 0.999999));
  float slope = fwidth(h);
  if (!on_grid || cell(ivec2(floor(v_place * u_size))) < 0.0) {
    float stripe = mod((gl_FragCoord.x + gl_FragCoord.y) / u_pixel, 8.0); // 8 divides the terrain tiles: no seams
    float line = 1.0 - smoothstep(0.9, 1.7, abs(stripe - 4.0));
    float a = u_hatch.a * (0.16 + 0.84 * line);
    color = vec4(u_hatch.rgb * a, a);
    return;
  }
  float wet = smoothstep(u_depths[0] - 0.012, u_depths[0] + 0.004, h);
  if (u_water <= 0.0 || wet <= 0.0) discard;
  vec4 c = ramp(h);
  // the shoreline, darker: the palest blue must not vanish on a pale map
  float shore = 1.0 - smoothstep(0.6, 1.8, abs(h - u_depths[0]) / max(slope, 1e-5));
  c = mix(c, vec4(u_colors[3].rgb, 0.9), 0.5 * shore);
  float a = c.a * wet * u_water;
  color = vec4(c.rgb * a, a);
}`;
