// The shape that every language must fill. English is the source: its keys are
// the keys, its {places} are the places. A missing key in another language is
// a compile error; a differing place is caught by i18n.test.ts.
import type { en } from './en'

export type Key = keyof typeof en

type Places<S> = S extends `${string}{${infer P}}${infer Rest}` ? P | Places<Rest> : never
type TextOf<V> = V extends string ? V : V extends { readonly other: infer O } ? O : never

/** The values a message asks for; `n` also chooses the plural form. */
export type Args<K extends Key> = [Places<TextOf<(typeof en)[K]>>] extends [never]
  ? []
  : [values: { readonly [P in Places<TextOf<(typeof en)[K]>>]: string | number }]

/** A language with the plural forms that its grammar has. */
export type Messages<Plural extends Intl.LDMLPluralRule> = {
  readonly [K in Key]: (typeof en)[K] extends string ? string : { readonly [P in Plural]: string }
}

export type AnyMessages = { readonly [K in Key]: string | { readonly [P in Intl.LDMLPluralRule]?: string } }
