/**
 * The words of the world: every key, value and filler word is one word of its own, used nowhere else.
 *
 * @module
 */

/** Things that are kept in towns. */
export const THINGS: readonly string[] = (
  "lantern anchor barrel basket bell blanket bottle bucket candle carpet chair chest clock coat " +
  "compass cradle crown drum flag flute hammer harp hat helmet jar kettle key ladder letter map " +
  "mirror needle oar painting pot purse quilt rope saddle sail shield spoon statue sword table " +
  "trumpet vase wheel"
).split(" ");

/** Where things are. */
export const TOWNS: readonly string[] = (
  "Oslo Paris Rome Delhi Cairo Lima Quito Tokyo Seoul Hanoi Accra Dakar Tunis Sofia Vienna Prague " +
  "Madrid Lisbon Dublin Athens Berlin Warsaw Riga Turin Basel Bergen Malmo Ghent Porto Seville " +
  "Boston Denver"
).split(" ");

/** Trades, one person each. */
export const TRADES: readonly string[] = (
  "baker barber brewer butcher captain carpenter cook doctor driver farmer fisher gardener guard " +
  "hunter judge mason mayor merchant miller miner nurse painter pilot plumber poet porter potter " +
  "printer sailor sculptor singer smith soldier student surgeon tailor tanner teacher thatcher tutor " +
  "usher vicar waiter warden weaver welder writer shepherd"
).split(" ");

/** What people are called. */
export const NAMES: readonly string[] = (
  "Marta Anna Boris Clara David Elena Felix Greta Hugo Irene Jonas Karin Lukas Maria Nadia Otto " +
  "Paula Quentin Rosa Simon Tanya Ursula Victor Wanda Xenia Yusuf Zora Albert Bruno Carmen Dora " +
  "Edgar"
).split(" ");

/** Words of the sentences that say nothing one could be asked about. */
export const FILLER = {
  openers: ["Later", "Often", "Now", "Then", "Sometimes", "Slowly", "Meanwhile", "Again"],
  articles: ["A", "This", "Every", "That", "Some"],
  adjectives: (
    "quiet cold warm grey bright heavy gentle narrow distant early empty green"
  ).split(" "),
  subjects: (
    "wind river cloud bird garden street morning evening forest shadow winter summer child crowd"
  ).split(" "),
  verbs: (
    "moved turned waited rested drifted grew faded passed returned lingered wandered slept"
  ).split(" "),
  prepositions: ["over", "under", "near", "behind", "beyond", "along", "past", "around"],
  places: (
    "hills fields roofs trees walls bridges stones meadows rooms shores gates clouds"
  ).split(" "),
  adverbs: ["softly", "calmly", "quickly", "alone", "together", "silently", "gladly", "away"],
} as const;
