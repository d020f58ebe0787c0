import { dnsFlow, httpFlow, mediaFlow } from './other-flows.js';
import * as profiles from './profiles.js';
import { type Profile, pickProfile } from './profiles.js';
import { pickVersion, quicFlow } from './quic-flow.js';
import { SEGMENT } from './tcp-flow.js';
import { type Delivery, tlsFlow } from './tls-flow.js';
import type { Flow, World } from './world.js';

/** The captures that can be generated. */
export const KINDS = ['mix', 'hellos', 'pqsplit', 'quic'] as const;
export type Kind = (typeof KINDS)[number];

/** How a kind of capture is made. */
export interface Recipe {
  /** Flows under way at a time, in a capture large enough. */
  concurrency: number;
  /** Mean microseconds between packets. */
  gap: number;
  /** The next flow. */
  next: (world: World) => Flow;
}

type Table = readonly (readonly [number, Profile])[];

const EVERYDAY: Table = [
  [30, profiles.chrome(true)],
  [12, profiles.chrome(false)],
  [6, profiles.firefox(true)],
  [6, profiles.firefox(false)],
  [14, profiles.openssl],
  [12, profiles.go],
  [6, profiles.java],
  [8, profiles.schannel],
  [4, profiles.embedded],
  [1, profiles.homegrown],
  [1, profiles.ancient],
];

const SHORT: Table = [
  [44, profiles.chrome(false)],
  [11, profiles.firefox(false)],
  [13, profiles.openssl],
  [9, profiles.go],
  [6, profiles.java],
  [8, profiles.schannel],
  [4, profiles.embedded],
  [3.9, profiles.homegrown],
  [1.1, profiles.ancient],
];

const LONG: Table = [
  [8, profiles.chrome(true)],
  [2, profiles.firefox(true)],
];

/** An enterprise's uplink: mostly packets without handshakes; a hello in about 180 packets. */
function mixFlow(world: World): Flow {
  const { random } = world;
  const draw = random.unit();
  if (draw < 0.3) return dnsFlow(world);
  if (draw < 0.42) return httpFlow(world, heavyTailed(world, 75_000));
  if (draw < 0.46) return mediaFlow(world, random.between(200, 1600));
  if (draw < 0.53) {
    return quicFlow(world, {
      profile: random.chance(0.85) ? profiles.chromeQuic(random.chance(0.7)) : profiles.plainQuic,
      resumed: random.chance(0.1),
      version: pickVersion(world),
      chaos: random.chance(0.8),
      swapped: random.chance(0.03),
      dataPackets: random.between(20, 220),
    });
  }
  const draw2 = random.unit();
  const delivery: Delivery =
    draw2 < 0.92 ? 'in order' : draw2 < 0.96 ? 'swapped' : draw2 < 0.98 ? 'repeated' : 'overlapping';
  return tlsFlow(world, {
    profile: pickProfile(random, EVERYDAY),
    resumed: random.chance(0.2),
    delivery,
    recordSize: random.chance(0.01) ? random.between(120, 600) : 0,
    dataBytes: heavyTailed(world, 145_000),
    fullHandshake: random.chance(0.7),
    segmentSize: random.chance(0.05) ? 1200 : SEGMENT,
  });
}

/** Handshakes and little else: ten packets per connection. */
function hellosFlow(world: World): Flow {
  const { random } = world;
  return tlsFlow(world, {
    profile: pickProfile(random, SHORT),
    resumed: random.chance(0.05),
    delivery: 'in order',
    recordSize: 0,
    dataBytes: 0,
    fullHandshake: false,
    segmentSize: SEGMENT,
  });
}

/** Post-quantum hellos over two segments, a quarter of them not as sent. */
function pqsplitFlow(world: World): Flow {
  const { random } = world;
  const draw = random.unit();
  const delivery: Delivery =
    draw < 0.75 ? 'in order' : draw < 0.83 ? 'swapped' : draw < 0.92 ? 'repeated' : 'overlapping';
  return tlsFlow(world, {
    profile: pickProfile(random, LONG),
    resumed: random.chance(0.1),
    delivery,
    recordSize: 0,
    dataBytes: 0,
    fullHandshake: random.chance(0.3),
    segmentSize: SEGMENT,
  });
}

/** QUIC connections up to their first data. */
function quicOnlyFlow(world: World): Flow {
  const { random } = world;
  const long = random.chance(0.4);
  return quicFlow(world, {
    profile: long || random.chance(0.75) ? profiles.chromeQuic(long) : profiles.plainQuic,
    resumed: random.chance(0.05),
    version: pickVersion(world),
    chaos: long || random.chance(0.7),
    swapped: random.chance(0.1),
    dataPackets: random.between(1, 3),
  });
}

/** Few flows are large: the mean is `mean` bytes, the median about a third of it. */
function heavyTailed(world: World, mean: number): number {
  const unit = Math.max(world.random.unit(), 1e-4);
  return Math.min(Math.round((mean * 0.28) / unit ** 0.75), 60 * mean);
}

export const RECIPES: Record<Kind, Recipe> = {
  mix: { concurrency: 3000, gap: 40, next: mixFlow },
  hellos: { concurrency: 500, gap: 15, next: hellosFlow },
  pqsplit: { concurrency: 1000, gap: 20, next: pqsplitFlow },
  quic: { concurrency: 1000, gap: 40, next: quicOnlyFlow },
};
