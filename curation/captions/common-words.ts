/**
 * Words that make poor trigger words because every text encoder knows them: common words for subjects, pictures and
 * styles, and first names. Chosen by hand; the list need not be complete, because its only use is a warning.
 */
const WORDS = `
  man woman girl boy person people human child kid baby teen adult lady gentleman guy male female mother father mom dad
  sister brother son daughter wife husband bride groom friend family couple king queen prince princess hero
  model actor actress singer dancer doctor nurse soldier teacher student artist character subject face head hair eye body hand
  dog cat puppy kitten horse bird fish bear wolf fox lion tiger rabbit mouse cow pig sheep duck frog snake dragon
  monster robot alien angel demon witch wizard ghost vampire zombie pet animal
  photo photograph picture image portrait selfie headshot snapshot closeup style art artwork painting drawing sketch
  illustration cartoon anime manga comic poster logo icon render texture pattern watercolor film movie cinema camera
  vintage retro modern classic abstract realistic fantasy gothic punk cyberpunk steampunk minimalist
  red blue green yellow orange purple violet pink black white grey gray brown gold golden silver
  big small little large tall short young old new good bad beautiful pretty cute handsome happy sad angry dark light
  bright hot cold soft hard fast slow rich poor cool nice sweet wild royal magic secret real true perfect super
  house home room kitchen garden park street city town village beach sea ocean river lake mountain forest tree flower rose lily
  leaf grass sky sun moon star cloud rain snow fire water earth stone rock sand wind night day morning summer winter spring autumn
  car bus train bike boat ship plane truck motorcycle bottle cup glass plate bowl table chair sofa lamp bed door window
  book phone laptop computer watch clock ring necklace bag shoe shirt dress jacket coat hat skirt jeans suit uniform
  food bread cake apple banana lemon cherry coffee tea wine beer pizza burger chocolate honey sugar
  toy doll ball game music guitar piano sword gun crown mask flag box gift money product brand thing object item
  love life time world name word test token trigger lora training example demo me my you the and
  adam alex alexander alice amanda amy andrea andrew angela anna anne anthony antonio ashley barbara ben benjamin bob brian
  carlos carol charles charlie charlotte chloe chris christian christina christopher clara claire daniel david diana
  edward elena eli elias elizabeth ella emily emma eric erik eva evelyn felix finn frank gabriel george grace hannah harry
  helen henry ian isabella isaac jack jacob james jane jason jennifer jessica jim joe john jonas jonathan jose joseph
  joshua juan julia karen karl kate kevin kim laura lea lena leo liam linda lisa louis lucas lucy luis luke maria mario mark
  martin mary matthew max maya melissa mia michael michelle mike nathan nicholas nick nicole nina noah nora oliver olivia oscar
  pablo patricia patrick paul peter philip rachel rebecca richard robert roger ruby ryan sam samuel sandra sarah sara scott
  sofia sophia sophie stella stephen steve steven susan sven thomas tim tina tom tommy victor victoria william zoe
`;

export const COMMON_WORDS: ReadonlySet<string> = new Set(WORDS.trim().split(/\s+/));
