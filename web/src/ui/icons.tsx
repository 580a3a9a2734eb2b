// Line icons on a 20 x 20 grid, drawn for Segward.
const PATHS = {
  home: 'M3.5 9 10 3.5 16.5 9v7.5h-4.5v-4.5h-4v4.5h-4.5z',
  people: 'M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 16.5c0-3 2.2-5 5.5-5s5.5 2 5.5 5M13 4a2.8 2.8 0 0 1 0 5.3M15.5 12c1.6.7 2.5 2.3 2.5 4.5',
  person: 'M10 9.8a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM4 17c0-3.2 2.5-5.2 6-5.2s6 2 6 5.2',
  model: 'M10 2.8 16.5 6.4v7.2L10 17.2l-6.5-3.6V6.4zM3.5 6.4 10 10l6.5-3.6M10 10v7.2',
  report: 'M4 16.5V9.5M8 16.5v-13M12 16.5v-5M16 16.5V6.5M2.5 16.5h15',
  accounts: 'M3 4.5h14v11H3zM6.8 9.8a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM4.8 13c.2-1.2 1-1.8 2-1.8s1.8.6 2 1.8M11.5 8h3.5M11.5 11.5h3.5',
  plus: 'M10 4v12M4 10h12',
  search: 'M8.8 14.6a5.8 5.8 0 1 0 0-11.6 5.8 5.8 0 0 0 0 11.6zM13 13l4 4',
  upload: 'M10 13V4M6 7.5 10 3.5l4 4M3.5 13v3.5h13V13',
  download: 'M10 3.5V12M6 8.5l4 4 4-4M3.5 13.5v3h13v-3',
  close: 'M5 5l10 10M15 5 5 15',
  check: 'M4 10.5 8 14.5 16 5.5',
  pause: 'M7 4.5v11M13 4.5v11',
  play: 'M6.5 4.2v11.6L15.5 10z',
  retry: 'M15.8 8A6.2 6.2 0 1 0 16 12M16.3 3.8V8h-4.2',
  trash: 'M3.5 5.5h13M8 5.5v-2h4v2M5.5 5.5l.7 11h7.6l.7-11M8.5 8.5v5M11.5 8.5v5',
  warn: 'M10 3.2 18 16.8H2zM10 8v4.2M10 14.5v.3',
  info: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 9v4.5M10 6.4v.3',
  clock: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 6v4.2l2.8 1.8',
  scan: 'M3.5 7V3.5H7M13 3.5h3.5V7M16.5 13v3.5H13M7 16.5H3.5V13M6.5 10c0-2 1.5-3.5 3.5-3.5s3.5 1.5 3.5 3.5-1.5 3.5-3.5 3.5S6.5 12 6.5 10z',
  folder: 'M2.8 5h5l1.7 2h7.7v9H2.8z',
  moon: 'M15.8 12.5A6.5 6.5 0 0 1 7.5 4.2a6.5 6.5 0 1 0 8.3 8.3z',
  sun: 'M10 13.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM10 2.5v1.5M10 16v1.5M2.5 10H4M16 10h1.5M4.7 4.7l1 1M14.3 14.3l1 1M15.3 4.7l-1 1M5.7 14.3l-1 1',
  half: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 3v14M10 6l5 -1M10 9h7M10 12h6.5M10 15h4.5',
  out: 'M8 3.5H3.5v13H8M12.5 6.5 16.5 10l-4 3.5M16 10H7.5',
  right: 'M7.5 4.5 13 10l-5.5 5.5',
  fit: 'M3.5 7V3.5H7M13 3.5h3.5V7M16.5 13v3.5H13M7 16.5H3.5V13',
  invert: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 3a7 7 0 0 1 0 14z',
  eye: 'M2.5 10c2-3.5 4.5-5 7.5-5s5.5 1.5 7.5 5c-2 3.5-4.5 5-7.5 5s-5.5-1.5-7.5-5zM10 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z',
  keys: 'M2.5 5.5h15v9h-15zM5.5 8.5h.5M8.5 8.5h.5M11.5 8.5h.5M14.5 8.5h.3M6.5 11.8h7',
  minus: 'M4 10h12',
  globe: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM3 10h14M10 3c2.2 2 3 4.3 3 7s-.8 5-3 7c-2.2-2-3-4.3-3-7s.8-5 3-7z',
} as const

export type IconName = keyof typeof PATHS

/** Decoration only; the words stand beside it or in the control's label. */
export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        stroke-width="1.6"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  )
}

/** The mark: a contour around a found core. */
export function Mark({ size = 26 }: { size?: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path
        class="mark-ring"
        d="M16.2 4c6.4-.6 11.8 3.9 11.8 10.6 0 7.6-4.9 13.4-12 13.4C9.1 28 4 23.4 4 16.8 4 9.9 9.3 4.6 16.2 4z"
        fill="none"
        stroke-width="2.2"
      />
      <path
        class="mark-core"
        d="M16.7 10.3c3.8 0 6 2.3 6 5.4 0 3.9-2.7 6.5-6.3 6.5-3.7 0-6.1-2.3-6.1-5.7 0-3.6 2.7-6.2 6.4-6.2z"
      />
    </svg>
  )
}
