/**
 * Metadata after merging, as tags are made of it and as `generateMetadata` sees it of its parents. Applications write many
 * shapes of each field; here every field has one.
 */

export type Title = { absolute: string; template: string | null };

export type ResolvedMetadata = {
  metadataBase: URL | null;
  title: Title | null;
  description: string | null;
  applicationName: string | null;
  authors: { name?: string; url?: string }[] | null;
  generator: string | null;
  keywords: string[] | null;
  referrer: string | null;
  creator: string | null;
  publisher: string | null;
  robots: { basic: string | null; googleBot: string | null } | null;
  alternates: Alternates | null;
  icons: Icons | null;
  manifest: string | null;
  openGraph: OpenGraph | null;
  twitter: Twitter | null;
  verification: Record<string, string[]> | null;
  appleWebApp: AppleWebApp | null;
  formatDetection: Record<string, boolean> | null;
  itunes: { appId: string; appArgument?: string } | null;
  facebook: { appId?: string; admins?: string[] } | null;
  pinterest: { richPin: string } | null;
  appLinks: Record<string, Record<string, string>[]> | null;
  abstract: string | null;
  archives: string[] | null;
  assets: string[] | null;
  bookmarks: string[] | null;
  pagination: { previous?: string; next?: string } | null;
  category: string | null;
  classification: string | null;
  other: Record<string, string[]> | null;
};

export type AlternateLink = { url: string; title?: string };

export type Alternates = {
  canonical: AlternateLink | null;
  languages: Record<string, AlternateLink[]>;
  media: Record<string, AlternateLink[]>;
  types: Record<string, AlternateLink[]>;
};

/** One `<link>`; further members are its attributes. */
export type Icon = { url: string; rel?: string } & Record<string, string>;
export type Icons = { icon: Icon[]; shortcut: Icon[]; apple: Icon[]; other: Icon[] };

/** `url` first, then what describes it: `width`, `alt`, `type`, `secureUrl`. */
export type Media = { url: string } & Record<string, string>;

export type OpenGraph = {
  title: Title | null;
  description: string | null;
  url: string | null;
  siteName: string | null;
  locale: string | null;
  type: string | null;
  determiner: string | null;
  countryName: string | null;
  ttl: string | null;
  images: Media[] | null;
  videos: Media[] | null;
  audio: Media[] | null;
  /** `emails`, `phoneNumbers`, `faxNumbers`, `alternateLocale`, and those of the type: by property, `article:author`. */
  properties: [property: string, content: string][];
};

export type Twitter = {
  card: string;
  site: string | null;
  siteId: string | null;
  creator: string | null;
  creatorId: string | null;
  title: Title | null;
  description: string | null;
  images: Media[] | null;
  /** Of the cards `player` and `app`: by name, `twitter:app:id:iphone`. */
  names: [name: string, content: string][];
};

export type AppleWebApp = {
  capable: boolean;
  title: string | null;
  startupImage: { url: string; media?: string }[];
  statusBarStyle: string | null;
};

export function emptyMetadata(): ResolvedMetadata {
  return {
    metadataBase: null, title: null, description: null, applicationName: null, authors: null, generator: null, keywords: null,
    referrer: null, creator: null, publisher: null, robots: null, alternates: null, icons: null, manifest: null,
    openGraph: null, twitter: null, verification: null, appleWebApp: null, formatDetection: null, itunes: null,
    facebook: null, pinterest: null, appLinks: null, abstract: null, archives: null, assets: null, bookmarks: null,
    pagination: null, category: null, classification: null, other: null,
  };
}
